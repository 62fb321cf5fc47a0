// The one place that includes libfuse's low-level API, so that all of the folder speaks one
// version.
#ifndef COPPICE_FUSE_CLIENT_FUSE_API_H_
#define COPPICE_FUSE_CLIENT_FUSE_API_H_

#define FUSE_USE_VERSION 314
#include <fuse3/fuse_lowlevel.h>

#endif  // COPPICE_FUSE_CLIENT_FUSE_API_H_
