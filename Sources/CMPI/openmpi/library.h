// What a build with MULTIBOX_MPI=openmpi imports.
#pragma once
#include <mpi.h>
#ifndef OPEN_MPI
#error "MULTIBOX_MPI is openmpi, but mpi.h is that of another MPI; pkg-config --cflags ompi-c says where it comes from"
#endif
#define CMPI_IS_MPICH 0
#include "../shim.h"
