// bazel run //deploy:stop.
#include "deploy/stop_command.h"

int main(int argc, char** argv) { return coppice::StopMain({argv + 1, argv + argc}); }
