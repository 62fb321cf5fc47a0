#include "deploy/end_to_end/sample_tree.h"

#include <fcntl.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>
#include <sys/un.h>
#include <unistd.h>

#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <filesystem>
#include <fstream>
#include <random>
#include <vector>

#include "absl/strings/str_cat.h"
#include "common/file_descriptor.h"

namespace coppice {
namespace {

constexpr size_t kBlock = size_t{1} << 20;
constexpr mode_t kModes[] = {0,     0400,  0600,  0644,  0755,  0222,
                             01644, 02755, 04755, 06711, 07777, 0111};

// Aborts with the name of what failed.
void Must(bool succeeded, const std::string& what) {
  if (succeeded) return;
  perror(what.c_str());
  std::abort();
}

void Write(const std::string& path, const std::string& text) {
  Must(static_cast<bool>(std::ofstream(path, std::ios::binary) << text), path);
}

void Link(const std::string& target, const std::string& path) {
  Must(symlink(target.c_str(), path.c_str()) == 0, path);
}

void FillSizes(const std::string& directory) {
  uint64_t seed = 1;
  for (const size_t size : {size_t{0}, size_t{1}, size_t{4095}, size_t{4096}, size_t{4097},
                            kBlock - 1, kBlock, kBlock + 1, 2 * kBlock, 5 * kBlock + 17}) {
    WriteRandomFile(absl::StrCat(directory, "/", size), size, seed++);
  }
}

void FillLinks(const std::string& directory, const std::string& root) {
  Write(directory + "/file", "the file\n");
  Must(link((directory + "/file").c_str(), (directory + "/hard").c_str()) == 0, "link");
  std::filesystem::create_directories(directory + "/deeper/still");
  Must(link((directory + "/file").c_str(), (directory + "/deeper/hard").c_str()) == 0, "link");
  Link("file", directory + "/relative");
  Link("../file", directory + "/deeper/up");
  Link("../deeper/./still/..", directory + "/deeper/roundabout");
  Link("deeper", directory + "/to_directory");
  Link("deeper/", directory + "/to_directory_slash");
  Link(root + "/links/file", directory + "/absolute_inside");
  Link(root + "/links/deeper/", directory + "/absolute_inside_slash");
  Link(root, directory + "/absolute_root");
  Link("/etc/hostname", directory + "/absolute_outside");
  Link(root + "_beside/file", directory + "/absolute_beside");
  Link(root + "/../outside", directory + "/absolute_climbing");
  Link("not there", directory + "/dangling");
  Link(root + "/not there", directory + "/absolute_dangling");
  Link("loop_b", directory + "/loop_a");
  Link("loop_a", directory + "/loop_b");
  Link("itself", directory + "/itself");
  // As long as symlink(2) allows.
  std::string longest;
  while (longest.size() < 4094) longest += "./";
  Link(longest + "x", directory + "/longest");
}

void FillModes(const std::string& directory) {
  for (const mode_t mode : kModes) {
    const std::string file = absl::StrCat(directory, "/file", mode);
    Write(file, "x");
    const std::string folder = absl::StrCat(directory, "/directory", mode);
    std::filesystem::create_directory(folder);
    if (geteuid() == 0) {
      // Beyond what 16 and 31 bits hold.
      Must(chown(file.c_str(), 70'000, 3'000'000'000) == 0, file);
      Must(chown(folder.c_str(), 4'000'000'000, 1) == 0, folder);
    }
    Must(chmod(file.c_str(), mode) == 0, file);
    // Without root, what cannot be entered could not be removed again.
    Must(chmod(folder.c_str(), geteuid() == 0 ? mode : mode | 0700) == 0, folder);
  }
}

void FillTimes(const std::string& directory) {
  const timespec times[] = {{0, 0},
                            {0, 1},
                            {1, 999'999'999},
                            {-1, 500'000'000},
                            {-86'400, 7},
                            {int64_t{1} << 31, 1},
                            {4'000'000'000, 123'456'789}};
  int count = 0;
  for (const timespec& time : times) {
    const std::string file = absl::StrCat(directory, "/", count++);
    Write(file, "x");
    const timespec both[] = {time, time};
    Must(utimensat(AT_FDCWD, file.c_str(), both, 0) == 0, file);
  }
}

void FillNames(const std::string& directory) {
  const std::vector<std::string> names = {" ",
                                          "with spaces",
                                          "new\nline",
                                          "\t",
                                          "-rf",
                                          "~",
                                          "...",
                                          "not\xff\xfeutf8\x80",
                                          "\xc3\xa9",
                                          "e\xcc\x81",
                                          "*",
                                          "a\\b",
                                          "\"quoted'",
                                          "\x01\x7f",
                                          "nul",
                                          "COM1",
                                          "case",
                                          "Case",
                                          "CASE",
                                          ":",
                                          std::string(255, 'n'),
                                          std::string(255, '\xff')};
  for (const std::string& name : names) Write(absl::StrCat(directory, "/", name), name);
  std::filesystem::create_directory(absl::StrCat(directory, "/dir\xff\n"));
  Write(absl::StrCat(directory, "/dir\xff\n/inner"), "inner");
}

void FillSpecial(const std::string& directory) {
  Must(mkfifo((directory + "/fifo").c_str(), 0644) == 0, "mkfifo");
  const FileDescriptor socket_file(socket(AF_UNIX, SOCK_STREAM, 0));
  sockaddr_un address = {.sun_family = AF_UNIX};
  snprintf(address.sun_path, sizeof(address.sun_path), "%s/socket", directory.c_str());
  Must(bind(socket_file.get(), reinterpret_cast<sockaddr*>(&address), sizeof(address)) == 0,
       "bind");
  if (geteuid() != 0) return;
  Must(mknod((directory + "/null").c_str(), S_IFCHR | 0666, makedev(1, 3)) == 0, "mknod");
  Must(mknod((directory + "/large").c_str(), S_IFCHR | 0600, makedev(0xabc, 0xdef12)) == 0,
       "mknod");
  Must(mknod((directory + "/block").c_str(), S_IFBLK | 0640, makedev(7, 250)) == 0, "mknod");
}

}  // namespace

void WriteRandomFile(const std::string& path, size_t size, uint64_t seed) {
  std::mt19937_64 random(seed);
  std::string bytes(size + sizeof(uint64_t), '\0');
  for (size_t i = 0; i < size; i += sizeof(uint64_t)) {
    const uint64_t value = random();
    memcpy(bytes.data() + i, &value, sizeof(value));
  }
  bytes.resize(size);
  Write(path, bytes);
}

void FillSampleTree(const std::string& directory) {
  for (const char* name : {"sizes", "links", "modes", "times", "names", "empty", "special"}) {
    std::filesystem::create_directory(absl::StrCat(directory, "/", name));
  }
  FillSizes(directory + "/sizes");
  FillLinks(directory + "/links", directory);
  FillModes(directory + "/modes");
  FillTimes(directory + "/times");
  FillNames(directory + "/names");
  FillSpecial(directory + "/special");
}

}  // namespace coppice
