// bazel run //deploy:launch.
#include "deploy/launch_command.h"

int main(int argc, char** argv) { return coppice::LaunchMain({argv + 1, argv + argc}); }
