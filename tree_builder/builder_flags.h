// The command line of tree_builder. Pure but for the text that it prints on --help and on mistakes.
#ifndef COPPICE_TREE_BUILDER_BUILDER_FLAGS_H_
#define COPPICE_TREE_BUILDER_BUILDER_FLAGS_H_

#include <cstdint>
#include <optional>
#include <string>
#include <variant>

#include "tree_builder/tree_costs.h"
#include "tree_builder/trees_drawing.h"

namespace coppice {

enum class BuilderOutput { kTreeFile, kExplanation, kDrawing };

// With whom the constants of the cost model are measured.
enum class Calibration { kNone, kLoopback, kWithHost, kServe };

struct BuilderFlags {
  // One of them, or neither for standard input.
  std::string hosts_path;
  std::string nodes;

  // None: the best of the cost model.
  std::optional<uint32_t> fanout;
  uint32_t trees = 1;
  // Of members without a second column, each with its port.
  std::string addresses;
  // Empty: none.
  std::string topology_path;
  std::string costs_path;
  TreeWorkload workload;

  BuilderOutput output = BuilderOutput::kTreeFile;
  DrawingFormat drawing = DrawingFormat::kText;
  uint32_t draw_max = kDrawnMembersMax;

  Calibration calibration = Calibration::kNone;
  // "host:port" for kWithHost; the port for kServe.
  std::string calibration_host;
  uint16_t calibration_port = 0;
};

// Or the exit code with which the program ends: 0 after --help, 2 after a mistake.
std::variant<BuilderFlags, int> ParseBuilderFlags(int argc, char** argv);

}  // namespace coppice

#endif  // COPPICE_TREE_BUILDER_BUILDER_FLAGS_H_
