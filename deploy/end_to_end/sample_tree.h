// A small tree with one of each kind of thing that a file system shows. What is in it, tests find
// out by looking at it. Thread-safe: functions.
#ifndef COPPICE_DEPLOY_END_TO_END_SAMPLE_TREE_H_
#define COPPICE_DEPLOY_END_TO_END_SAMPLE_TREE_H_

#include <cstddef>
#include <cstdint>
#include <string>

namespace coppice {

// Below the directory, which exists: sizes/, links/, modes/, names/, times/, empty/, special/. With
// root among them files of other users and devices. Failing to write aborts the test.
void FillSampleTree(const std::string& directory);

// A file of reproducible bytes without a pattern.
void WriteRandomFile(const std::string& path, size_t size, uint64_t seed);

}  // namespace coppice

#endif  // COPPICE_DEPLOY_END_TO_END_SAMPLE_TREE_H_
