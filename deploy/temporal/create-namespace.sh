#!/bin/sh
# Sees to the namespace, its retention and its search attributes (src/contract.ts). Run again, it changes nothing.
set -eu
. "$(dirname "$0")/lib.sh"

retention=${COUNTERSIGN_RETENTION:-30d}
namespace=${TEMPORAL_NAMESPACE:?}

until_it_works 120 temporal operator cluster health
if temporal operator namespace describe -n "$namespace" >/dev/null 2>&1; then
  temporal operator namespace update -n "$namespace" --retention "$retention"
else
  temporal operator namespace create -n "$namespace" --retention "$retention"
fi

registered() {
  temporal operator search-attribute list -n "$namespace" | grep -qw "$1"
}

# register NAME TYPE
register() {
  until_it_works 60 temporal operator search-attribute list -n "$namespace"
  registered "$1" || temporal operator search-attribute create -n "$namespace" --name "$1" --type "$2"
  # The workers start after this script, and the first promotion names the attribute.
  until_it_works 60 temporal workflow count -n "$namespace" --query "$1 = 'none'"
}

register CountersignState Keyword
register CountersignModel Keyword
register CountersignVersion Keyword
register CountersignEnvironment Keyword
register CountersignWaitingTeam KeywordList
echo "namespace $namespace is ready"
