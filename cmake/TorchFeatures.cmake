# What this LibTorch can do beside computing. Debian's has Gloo and no CUDA; PyTorch's wheels have CUDA, the headers of
# their own process groups, but not Gloo's, and NCCL's beside them.
include(CheckCXXSourceCompiles)

function(vultus_torch_feature name source)
  set(CMAKE_REQUIRED_INCLUDES ${TORCH_INCLUDE_DIRS} ${CUDAToolkit_INCLUDE_DIRS} ${CUDA_INCLUDE_DIRS} ${VULTUS_NCCL_INCLUDE})
  set(CMAKE_REQUIRED_FLAGS "${TORCH_CXX_FLAGS}")
  set(CMAKE_REQUIRED_QUIET ON)
  set(CMAKE_TRY_COMPILE_TARGET_TYPE STATIC_LIBRARY)  # it need not link
  check_cxx_source_compiles("${source}" ${name})
endfunction()

set(VULTUS_NCCL_INCLUDE "")
set(VULTUS_CUDA_GRAPHS OFF)
if(TARGET torch_cuda)
  find_path(VULTUS_NCCL_HEADERS nccl.h HINTS ${TORCH_INSTALL_PREFIX}/../nvidia/nccl/include)
  if(VULTUS_NCCL_HEADERS)
    set(VULTUS_NCCL_INCLUDE ${VULTUS_NCCL_HEADERS})
  endif()
  set(VULTUS_CUDA_GRAPHS ON)
  vultus_torch_feature(VULTUS_NCCL
    "#define USE_C10D_NCCL\n#include <torch/csrc/distributed/c10d/ProcessGroupNCCL.hpp>\nc10d::ProcessGroupNCCL* group;")
endif()
vultus_torch_feature(VULTUS_GLOO
  "#define USE_C10D_GLOO\n#include <torch/csrc/distributed/c10d/ProcessGroupGloo.hpp>\nc10d::ProcessGroupGloo* group;")
message(STATUS "LibTorch ${Torch_VERSION}: CUDA graphs ${VULTUS_CUDA_GRAPHS}, Gloo ${VULTUS_GLOO}, NCCL ${VULTUS_NCCL}")
