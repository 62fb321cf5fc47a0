// Touches through a mount what a recording says, so that the program that comes next finds
// everything in its kernel: the program warm, and the verb of coppice.
// Blocks. Not thread-safe; run on the main thread.
#ifndef COPPICE_DEPLOY_WARM_COMMAND_H_
#define COPPICE_DEPLOY_WARM_COMMAND_H_

#include <string>
#include <vector>

namespace coppice {

// `arguments` are without the program's name; its exit code: `--help` explains them.
int WarmMain(const std::vector<std::string>& arguments);

}  // namespace coppice

#endif  // COPPICE_DEPLOY_WARM_COMMAND_H_
