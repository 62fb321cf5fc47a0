// bazel run //deploy:warm.
#include "deploy/warm_command.h"

int main(int argc, char** argv) { return coppice::WarmMain({argv + 1, argv + argc}); }
