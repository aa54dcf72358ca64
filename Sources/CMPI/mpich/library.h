// What a build with MULTIBOX_MPI=mpich imports: MPICH and what follows it, as Intel MPI, Cray MPICH and MVAPICH.
#pragma once
#include <mpi.h>
#ifndef MPICH_VERSION
#error "MULTIBOX_MPI is mpich, but mpi.h is that of another MPI; pkg-config --cflags mpich says where it comes from"
#endif
#define CMPI_IS_MPICH 1
#include "../shim.h"
