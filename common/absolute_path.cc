#include "common/absolute_path.h"

#include <filesystem>

namespace coppice {

std::string AbsolutePath(const std::string& path, const std::string& directory) {
  std::string text = (std::filesystem::path(directory) / path).lexically_normal().string();
  while (text.size() > 1 && text.back() == '/') text.pop_back();
  return text;
}

}  // namespace coppice
