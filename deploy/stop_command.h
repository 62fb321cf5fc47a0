// Ends the services that launch left running: the program stop, and the verb of coppice.
// Blocks. Not thread-safe; run on the main thread.
#ifndef COPPICE_DEPLOY_STOP_COMMAND_H_
#define COPPICE_DEPLOY_STOP_COMMAND_H_

#include <string>
#include <vector>

namespace coppice {

// `arguments` are without the program's name; its exit code: `--help` explains them.
int StopMain(const std::vector<std::string>& arguments);

}  // namespace coppice

#endif  // COPPICE_DEPLOY_STOP_COMMAND_H_
