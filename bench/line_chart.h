// A picture of a few lines over numbers that double (nodes), as SVG: axes with ticks, a legend,
// nothing that needs a script or a font. Pure functions, thread-safe.
#ifndef COPPICE_BENCH_LINE_CHART_H_
#define COPPICE_BENCH_LINE_CHART_H_

#include <string>
#include <utility>
#include <vector>

namespace coppice {

struct ChartLine {
  std::string name;
  // x ascending, at least 1; y at least 0.
  std::vector<std::pair<double, double>> points;
};

struct LineChart {
  std::string title;
  // Below the title, smaller.
  std::string subtitle;
  std::string x_label;
  std::string y_label;
  std::vector<ChartLine> lines;
};

// x is logarithmic, with a tick at every x that a line has; y starts at 0.
std::string LineChartSvg(const LineChart& chart);

// The distance of ticks from 0 to `top`: 1, 2 or 5 times a power of ten, so that there are 4 to 10.
double TickDistance(double top);

}  // namespace coppice

#endif  // COPPICE_BENCH_LINE_CHART_H_
