#!/usr/bin/env bash
# Runs the program on the nodes of a PBS job, and sends the job back to the queue until it is done. From this
# repository:
#
#   qsub -l select=4:ncpus=32:mpiprocs=1 -l walltime=8:00:00 -v CONFIG=configs/ssd300-vgg16-voc.yaml launch/pbs.sh
#
# The program must have been built. There is one rank for each line of $PBS_NODEFILE, of which mpiprocs (in Torque, ppn)
# decides; the ranks of a node divide its cores. Further variables for -v:
#
#   OPTIONS               options of multibox train, as in OPTIONS=--output=runs/first
#   MULTIBOX_ROOT         this repository, when qsub is called elsewhere
#   MULTIBOX_RESTARTS, MULTIBOX_REMOTE_SHELL, MULTIBOX_NETWORK, MULTIBOX_MODULES, MULTIBOX_CONTAINER
#                         as for launch/cluster, which this script calls
#
# The ranks are told when the walltime ends, write a checkpoint before, and the job is rerun; where users may not rerun
# jobs, it is submitted anew. So it is after a lost node, process or connection that restarts within the job did not
# repair. A job that PBS ends, by qdel or for another job, writes a checkpoint and is left to PBS.
#PBS -N multibox
#PBS -j oe
#PBS -r y
set -euo pipefail

if [[ -z ${PBS_JOBID:-} ]]; then
  sed --quiet '2,/^#PBS/{/^#PBS/d;s/^# \{0,1\}//p}' "$0" >&2
  exit 64
fi
cd "$PBS_O_WORKDIR"
# PBS runs a copy of this file.
script=${MULTIBOX_ROOT:-$PBS_O_WORKDIR}/launch/pbs.sh
[[ -r $script ]] || { echo "pbs.sh: there is no $script; give this repository with -v MULTIBOX_ROOT=..." >&2 && exit 64; }
# shellcheck source=launch/mpi
source "$(dirname -- "$script")/mpi"

[[ -n ${CONFIG:-} ]] || fail 64 'which configuration? qsub -v CONFIG=... launch/pbs.sh'
require_built

# What qstat says of this job under a key. Long values are continued on lines that begin with a tab.
description=$(qstat -f "$PBS_JOBID" | sed --null-data 's/\n\t//g')
job() {
  sed --quiet "s/^ *$1 = //p" <<<"$description"
}

# The end of the job: PBS_WALLTIME in seconds (Torque), or hours:minutes:seconds.
walltime=$(job Resource_List.walltime)
seconds=${PBS_WALLTIME:-}
if [[ -z $seconds && $walltime =~ ^([0-9]+):([0-9]+):([0-9]+)$ ]]; then
  seconds=$((10#${BASH_REMATCH[1]} * 3600 + 10#${BASH_REMATCH[2]} * 60 + 10#${BASH_REMATCH[3]}))
fi
if [[ -n $seconds ]]; then export MULTIBOX_DEADLINE=${MULTIBOX_DEADLINE:-$(($(date +%s) + seconds))}; fi

# The count of starts without progress goes on from job to job.
export MULTIBOX_STARTS=${MULTIBOX_STARTS:-$PBS_O_WORKDIR/multibox-$PBS_JOBID.starts}
starts=$MULTIBOX_STARTS
read -r -a options <<<"${OPTIONS:-}"
arguments=("$CONFIG" "${options[@]}")
if [[ -s $starts ]]; then arguments+=(--resume auto); fi

ended_by_pbs=''
"$launch/cluster" "$PBS_NODEFILE" "${arguments[@]}" &
cluster=$!
trap 'signalled=yes ended_by_pbs=yes; kill -s TERM "$cluster"' TERM
trap 'signalled=yes; kill -s USR1 "$cluster"' USR1
wait_for "$cluster"
status=$exit_code

# Submits this job anew, with the resources that it has.
resubmit() {
  local key value resources=()
  for key in select place nodes walltime; do
    value=$(job "Resource_List.$key")
    if [[ -n $value ]]; then resources+=(-l "$key=$value"); fi
  done
  if [[ -n ${PBS_QUEUE:-} ]]; then resources+=(-q "$PBS_QUEUE"); fi
  value=$(job Account_Name)
  if [[ -n $value ]]; then resources+=(-A "$value"); fi
  export CONFIG OPTIONS
  # Names without values take them from the environment.
  qsub "${resources[@]}" -v "$(compgen -e | grep --extended-regexp '^(CONFIG|OPTIONS|MULTIBOX_.*|OPENBLAS_.*)$' |
    grep --invert-match MULTIBOX_DEADLINE | paste --serial --delimiters=,)" "$script"
}

if [[ -z $ended_by_pbs ]] && may_continue "$status" && may_start; then
  say "ended with $status; back to the queue"
  qrerun "$PBS_JOBID" || resubmit
elif [[ -z $ended_by_pbs ]]; then
  rm --force "$starts"
fi
exit "$status"
