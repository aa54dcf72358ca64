// MPI with plain types: the handles of mpi.h are pointers in Open MPI and integers in MPICH, and its constants are cast macros, which
// Swift does not import. Included by the library.h of one of them.
#pragma once
#include <stddef.h>
#include <stdio.h>

typedef struct { MPI_Comm handle; } cmpi_communicator;
/// Has no other member, so that an array of them is one of MPI's.
typedef struct { MPI_Request handle; } cmpi_request;
_Static_assert(sizeof(cmpi_request) == sizeof(MPI_Request), "arrays of requests are passed on as they are");

/// Whether the program is built for MPICH or what follows it, else for Open MPI.
static inline int cmpi_is_mpich(void) { return CMPI_IS_MPICH; }

/// What the elements of a message are; it decides what a count counts.
typedef enum { CMPI_BYTES, CMPI_FLOAT32, CMPI_BITS16 } cmpi_element;

static inline MPI_Datatype cmpi_datatype(cmpi_element element) {
  switch (element) {
  case CMPI_FLOAT32: return MPI_FLOAT;
  case CMPI_BITS16: return MPI_UINT16_T;
  default: return MPI_BYTE;
  }
}

/// Starts MPI for calls from several threads, one at a time. `provided` tells whether it can.
static inline int cmpi_start(int *provided) {
  int level = 0;
  int status = MPI_Init_thread(NULL, NULL, MPI_THREAD_SERIALIZED, &level);
  *provided = level >= MPI_THREAD_SERIALIZED;
  return status;
}

static inline int cmpi_finish(void) { return MPI_Finalize(); }
static inline cmpi_communicator cmpi_world(void) { return (cmpi_communicator){MPI_COMM_WORLD}; }

/// A communicator of its own, whose calls return error codes.
static inline int cmpi_duplicate(cmpi_communicator from, cmpi_communicator *to) {
  int status = MPI_Comm_dup(from.handle, &to->handle);
  return status != MPI_SUCCESS ? status : MPI_Comm_set_errhandler(to->handle, MPI_ERRORS_RETURN);
}

/// The same ranks, numbered in the order of their keys; a communicator of its own likewise.
static inline int cmpi_renumber(cmpi_communicator from, int key, cmpi_communicator *to) {
  int status = MPI_Comm_split(from.handle, 0, key, &to->handle);
  return status != MPI_SUCCESS ? status : MPI_Comm_set_errhandler(to->handle, MPI_ERRORS_RETURN);
}

static inline int cmpi_rank(cmpi_communicator c, int *rank) { return MPI_Comm_rank(c.handle, rank); }
static inline int cmpi_size(cmpi_communicator c, int *size) { return MPI_Comm_size(c.handle, size); }
static inline int cmpi_abort(cmpi_communicator c, int code) { return MPI_Abort(c.handle, code); }

/// What a text of the library takes at most, in bytes.
enum { CMPI_ERROR_TEXT = MPI_MAX_ERROR_STRING, CMPI_VERSION_TEXT = MPI_MAX_LIBRARY_VERSION_STRING };

/// Writes the text of an error code, at most CMPI_ERROR_TEXT bytes.
static inline int cmpi_error_text(int code, char *text, int *length) { return MPI_Error_string(code, text, length); }

// Collectives that do not block; `cmpi_test` moves them on.
static inline int cmpi_broadcast(void *bytes, int count, int root, cmpi_communicator c, cmpi_request *r) {
  return MPI_Ibcast(bytes, count, MPI_BYTE, root, c.handle, &r->handle);
}
static inline int cmpi_all_to_all(
    const void *from, const int *from_counts, const int *from_offsets, void *to, const int *to_counts,
    const int *to_offsets, cmpi_element element, cmpi_communicator c, cmpi_request *r) {
  MPI_Datatype type = cmpi_datatype(element);
  return MPI_Ialltoallv(from, from_counts, from_offsets, type, to, to_counts, to_offsets, type, c.handle, &r->handle);
}
/// Every rank's part of `values` goes to all; the own part is in place.
static inline int cmpi_all_gather_parts(
    void *values, const int *counts, const int *offsets, cmpi_element element, cmpi_communicator c, cmpi_request *r) {
  return MPI_Iallgatherv(
      MPI_IN_PLACE, 0, MPI_DATATYPE_NULL, values, counts, offsets, cmpi_datatype(element), c.handle, &r->handle);
}
static inline int cmpi_test(cmpi_request *request, int *is_done) {
  return MPI_Test(&request->handle, is_done, MPI_STATUS_IGNORE);
}

// Messages between two ranks that do not block.
static inline int cmpi_start_send(void *bytes, int count, int to, int tag, cmpi_communicator c, cmpi_request *r) {
  return MPI_Isend(bytes, count, MPI_BYTE, to, tag, c.handle, &r->handle);
}
static inline int cmpi_start_receive(void *bytes, int count, int from, int tag, cmpi_communicator c, cmpi_request *r) {
  return MPI_Irecv(bytes, count, MPI_BYTE, from, tag, c.handle, &r->handle);
}
static inline int cmpi_test_all(int count, cmpi_request *requests, int *are_done) {
  return MPI_Testall(count, (MPI_Request *)requests, are_done, MPI_STATUSES_IGNORE);
}

// Blocking calls.
static inline int cmpi_sum(float *values, int count, cmpi_communicator c) {
  return MPI_Allreduce(MPI_IN_PLACE, values, count, MPI_FLOAT, MPI_SUM, c.handle);
}
static inline int cmpi_send(const void *bytes, int count, int to, cmpi_communicator c) {
  return MPI_Send(bytes, count, MPI_BYTE, to, 0, c.handle);
}
static inline int cmpi_receive(void *bytes, int count, int from, cmpi_communicator c) {
  return MPI_Recv(bytes, count, MPI_BYTE, from, 0, c.handle, MPI_STATUS_IGNORE);
}

/// What the library says that it is, at most CMPI_VERSION_TEXT bytes.
static inline int cmpi_library_version(char *text, int *length) { return MPI_Get_library_version(text, length); }

// What the library can tell about itself.
/// MPI_THREAD_SINGLE to MPI_THREAD_MULTIPLE, as 0 to 3.
static inline int cmpi_thread_level(int *level) {
  int raw = 0;
  int status = MPI_Query_thread(&raw);
  *level = raw == MPI_THREAD_MULTIPLE ? 3 : raw == MPI_THREAD_SERIALIZED ? 2 : raw == MPI_THREAD_FUNNELED ? 1 : 0;
  return status;
}
/// The processes that the launcher has room for; 0 when it does not say.
static inline int cmpi_universe_size(int *size) {
  void *value = NULL;
  int is_set = 0;
  int status = MPI_Comm_get_attr(MPI_COMM_WORLD, MPI_UNIVERSE_SIZE, &value, &is_set);
  *size = status == MPI_SUCCESS && is_set ? *(int *)value : 0;
  return status;
}
static inline int cmpi_parameter_text(int index, char *text, int capacity) {
  char name[256];
  int name_length = sizeof name, verbosity = 0, description_length = 0, binding = 0, scope = 0, count = 0, number = 0;
  MPI_Datatype type;
  MPI_T_enum choices;
  int status = MPI_T_cvar_get_info(
      index, name, &name_length, &verbosity, &type, &choices, NULL, &description_length, &binding, &scope);
  if (status != MPI_SUCCESS) return status;
  MPI_T_cvar_handle handle;
  status = MPI_T_cvar_handle_alloc(index, NULL, &handle, &count);
  if (status != MPI_SUCCESS) return status;
  if (type == MPI_CHAR && count <= capacity) {
    status = MPI_T_cvar_read(handle, text);
    text[capacity - 1] = 0;
  } else if ((type == MPI_INT || type == MPI_UNSIGNED) && count == 1) {
    status = MPI_T_cvar_read(handle, &number);
    if (status == MPI_SUCCESS && choices != MPI_T_ENUM_NULL) {
      int length = capacity;
      int items = 0, value = 0;
      status = MPI_T_enum_get_info(choices, &items, NULL, &(int){0});
      for (int item = 0; status == MPI_SUCCESS && item < items; ++item) {
        length = capacity;
        status = MPI_T_enum_get_item(choices, item, &value, text, &length);
        if (value == number) break;
      }
    } else if (status == MPI_SUCCESS) {
      snprintf(text, (size_t)capacity, "%d", number);
    }
  } else {
    status = MPI_ERR_TYPE;
  }
  MPI_T_cvar_handle_free(&handle);
  return status;
}
/// A setting of the library (control variable; in Open MPI an MCA parameter) as text; `text` stays as it is when there is none of the name.
static inline int cmpi_parameter(const char *name, char *text, int capacity) {
  int level = 0, index = 0;
  int status = MPI_T_init_thread(MPI_THREAD_SERIALIZED, &level);
  if (status != MPI_SUCCESS) return status;
  if (MPI_T_cvar_get_index(name, &index) == MPI_SUCCESS) status = cmpi_parameter_text(index, text, capacity);
  MPI_T_finalize();
  return status;
}
