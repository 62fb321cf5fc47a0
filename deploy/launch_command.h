// Starts a service on this machine and leaves it running: the program launch, and the verb of
// coppice.
// Blocks. Not thread-safe; run on the main thread.
#ifndef COPPICE_DEPLOY_LAUNCH_COMMAND_H_
#define COPPICE_DEPLOY_LAUNCH_COMMAND_H_

#include <string>
#include <vector>

namespace coppice {

// `arguments` are without the program's name; its exit code: `--help` explains them.
int LaunchMain(const std::vector<std::string>& arguments);

}  // namespace coppice

#endif  // COPPICE_DEPLOY_LAUNCH_COMMAND_H_
