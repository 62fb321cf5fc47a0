#include "source/forwarding_source.h"

#include <memory>

#include "gtest/gtest.h"
#include "source/testing/source_conformance.h"

namespace coppice {
namespace {

INSTANTIATE_TEST_SUITE_P(Forwarding, SourceConformanceTest,
                         testing::Values(ConformanceOverMemory([](Source& base) {
                           return std::make_unique<ForwardingSource<>>(base);
                         })));

}  // namespace
}  // namespace coppice
