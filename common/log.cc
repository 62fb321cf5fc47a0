#include "common/log.h"

#include <exception>
#include <memory>

#include "absl/strings/str_cat.h"
#include "spdlog/sinks/rotating_file_sink.h"
#include "spdlog/sinks/stdout_sinks.h"
#include "spdlog/spdlog.h"

namespace coppice {
namespace {

constexpr size_t kOldLogFilesMax = 1;

}  // namespace

absl::Status StartLog(const std::string& program, const LogOptions& options) {
  const spdlog::level::level_enum level = spdlog::level::from_str(options.level);
  if (level == spdlog::level::off && options.level != "off") {
    return absl::InvalidArgumentError(
        absl::StrCat("log level '", options.level,
                     "' is none of trace, debug, info, warning, error, critical, off"));
  }
  // spdlog reports by exception; it ends here.
  try {
    spdlog::sink_ptr sink;
    if (options.file.empty()) {
      sink = std::make_shared<spdlog::sinks::stderr_sink_mt>();
    } else {
      sink = std::make_shared<spdlog::sinks::rotating_file_sink_mt>(
          options.file, options.file_bytes_max, kOldLogFilesMax);
    }
    auto logger = std::make_shared<spdlog::logger>(program, std::move(sink));
    logger->set_level(level);
    logger->flush_on(spdlog::level::info);
    logger->set_pattern("%Y-%m-%dT%H:%M:%S.%e%z %n[%P] %l: %v");
    spdlog::set_default_logger(std::move(logger));
  } catch (const std::exception& error) {
    return absl::UnavailableError(
        absl::StrCat("cannot log to '", options.file, "': ", error.what()));
  }
  return absl::OkStatus();
}

}  // namespace coppice
