// What users are told to type. Messages and help are written for a checkout ("bazel run
// //deploy:stop"); from the coppice command they say what works without one ("coppice stop").
// Thread-safe.
#ifndef COPPICE_DEPLOY_CALLED_AS_H_
#define COPPICE_DEPLOY_CALLED_AS_H_

#include <string>

#include "absl/strings/string_view.h"

namespace coppice {

inline constexpr absl::string_view kCoppiceProgram = "coppice";

// The text as this program says it: changed in the coppice command, else as it is.
std::string AsCalled(absl::string_view text);

// "bazel run //deploy:VERB -- --flag" becomes "coppice VERB --flag", wherever it stands.
std::string AsInstalled(absl::string_view text);

}  // namespace coppice

#endif  // COPPICE_DEPLOY_CALLED_AS_H_
