#include "bench/line_chart.h"

#include <algorithm>
#include <array>
#include <cmath>
#include <set>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"
#include "absl/strings/str_replace.h"

namespace coppice {
namespace {

// In pixels.
constexpr double kWidth = 720;
constexpr double kHeight = 440;
constexpr double kLeft = 80;
constexpr double kRight = 30;
constexpr double kTop = 70;
constexpr double kBottom = 60;
constexpr double kTickLength = 5;
constexpr double kLegendStep = 20;
constexpr double kDot = 4;
// Told apart by those who do not see red and green, too; and by their dashes in print.
constexpr std::array kColours = {"#c0392b", "#1f77b4", "#7f7f7f", "#e69f00"};
constexpr std::array kDashes = {"none", "none", "6 4", "2 3"};
constexpr double kTicksMax = 10;

std::string Escape(const std::string& text) {
  return absl::StrReplaceAll(text, {{"&", "&amp;"}, {"<", "&lt;"}, {">", "&gt;"}});
}

class Drawing {
 public:
  explicit Drawing(const LineChart& chart) : chart_(chart) {
    for (const ChartLine& line : chart.lines) {
      for (const auto& [x, y] : line.points) {
        xs_.insert(x);
        top_ = std::max(top_, y);
      }
    }
    const double distance = TickDistance(top_);
    top_ = std::max(std::ceil(top_ / distance), 1.0) * distance;
  }

  std::string Svg() {
    svg_ = absl::StrFormat(
        "<svg xmlns=\"http://www.w3.org/2000/svg\" viewBox=\"0 0 %g %g\" width=\"%g\" "
        "height=\"%g\" font-family=\"sans-serif\" font-size=\"13\">\n"
        "<rect width=\"100%%\" height=\"100%%\" fill=\"white\"/>\n",
        kWidth, kHeight, kWidth, kHeight);
    Text(kWidth / 2, 28, "middle", chart_.title, "font-size=\"17\" font-weight=\"bold\"");
    Text(kWidth / 2, 48, "middle", chart_.subtitle, "fill=\"#555\"");
    Axes();
    for (size_t i = 0; i < chart_.lines.size(); ++i) Line(i);
    absl::StrAppend(&svg_, "</svg>\n");
    return std::move(svg_);
  }

 private:
  double X(double x) const {
    const double first = xs_.empty() ? 1 : *xs_.begin();
    const double last = xs_.empty() ? 1 : *xs_.rbegin();
    const double share = last > first ? std::log(x / first) / std::log(last / first) : 0.5;
    return kLeft + share * (kWidth - kLeft - kRight);
  }
  double Y(double y) const { return kHeight - kBottom - y / top_ * (kHeight - kTop - kBottom); }

  void Text(double x, double y, const char* anchor, const std::string& text,
            const std::string& style = "") {
    absl::StrAppendFormat(&svg_, "<text x=\"%.1f\" y=\"%.1f\" text-anchor=\"%s\" %s>%s</text>\n", x,
                          y, anchor, style, Escape(text));
  }
  void Stroke(double x1, double y1, double x2, double y2, const char* colour) {
    absl::StrAppendFormat(&svg_,
                          "<line x1=\"%.1f\" y1=\"%.1f\" x2=\"%.1f\" y2=\"%.1f\" stroke=\"%s\"/>\n",
                          x1, y1, x2, y2, colour);
  }

  void Axes() {
    const double distance = TickDistance(top_);
    const double ticks = std::round(top_ / distance);
    for (double i = 0; i <= ticks; ++i) {
      const double y = Y(i * distance);
      Stroke(kLeft, y, kWidth - kRight, y, i == 0 ? "black" : "#dddddd");
      Text(kLeft - kTickLength - 3, y + 4, "end", absl::StrFormat("%g", i * distance));
    }
    Stroke(kLeft, kTop, kLeft, Y(0), "black");
    for (const double x : xs_) {
      Stroke(X(x), Y(0), X(x), Y(0) + kTickLength, "black");
      Text(X(x), Y(0) + kTickLength + 15, "middle", absl::StrFormat("%g", x));
    }
    Text((kLeft + kWidth - kRight) / 2, kHeight - 14, "middle", chart_.x_label);
    const double middle = (kTop + Y(0)) / 2;
    Text(24, middle, "middle", chart_.y_label,
         absl::StrFormat("transform=\"rotate(-90 24 %.1f)\"", middle));
  }

  void Line(size_t i) {
    const ChartLine& line = chart_.lines[i];
    const char* const colour = kColours[i % kColours.size()];
    std::string places;
    for (const auto& [x, y] : line.points) {
      absl::StrAppendFormat(&places, "%.1f,%.1f ", X(x), Y(y));
      absl::StrAppendFormat(&svg_, "<circle cx=\"%.1f\" cy=\"%.1f\" r=\"%g\" fill=\"%s\"/>\n", X(x),
                            Y(y), kDot, colour);
    }
    const std::string style =
        absl::StrFormat("fill=\"none\" stroke=\"%s\" stroke-width=\"2\" stroke-dasharray=\"%s\"",
                        colour, kDashes[i % kDashes.size()]);
    absl::StrAppend(&svg_, "<polyline points=\"", places, "\" ", style, "/>\n");
    const double y = kTop + 14 + static_cast<double>(i) * kLegendStep;
    absl::StrAppendFormat(&svg_, "<polyline points=\"%.1f,%.1f %.1f,%.1f\" %s/>\n", kLeft + 16,
                          y - 4, kLeft + 46, y - 4, style);
    Text(kLeft + 54, y, "start", line.name);
  }

  const LineChart& chart_;
  std::set<double> xs_;
  double top_ = 0;
  std::string svg_;
};

}  // namespace

double TickDistance(double top) {
  if (!(top > 0)) return 1;
  double power = std::pow(10, std::floor(std::log10(top)) - 1);
  while (true) {
    for (const double step : {1, 2, 5}) {
      if (top / (step * power) <= kTicksMax) return step * power;
    }
    power *= 10;
  }
}

std::string LineChartSvg(const LineChart& chart) { return Drawing(chart).Svg(); }

}  // namespace coppice
