// Runs one of our programs to its end, for tests. Blocks, for at most a minute.
#ifndef COPPICE_DEPLOY_TESTING_PROGRAM_RUN_H_
#define COPPICE_DEPLOY_TESTING_PROGRAM_RUN_H_

#include <string>
#include <vector>

#include "deploy/exit_state.h"

namespace coppice {

struct ProgramRun {
  // Of a program that could not be started or did not end: signal -1.
  ExitState end;
  std::string standard_output;
  std::string standard_error;
};

// `program` is a path within the workspace, such as "deploy/launch", among the test's data.
// `environment` is added to a minimal one.
ProgramRun RunProgram(const std::string& program, const std::vector<std::string>& arguments,
                      const std::vector<std::string>& environment = {});

}  // namespace coppice

#endif  // COPPICE_DEPLOY_TESTING_PROGRAM_RUN_H_
