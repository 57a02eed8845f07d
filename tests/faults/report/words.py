"""What stands on the page whatever the runs showed."""

from typing import Final

TITLE: Final = """\
# Reliability report

Written by `make faults-report` from the runs kept in `var/faults`; not edited by hand. Of each
scenario and seed every run at its newest commit counts; what was violated at an earlier one stands below, with that commit.

**What is claimed.** Every accepted request has its effect, once: events are delivered at least once and their effects in PostgreSQL
happen exactly once; a mail is handed to the mail server at most once by itself, and where nobody can know whether the server took it,
it is shown as `unknown` for a person to settle.

**How it is shown.** The five services run as processes on Apache Kafka and PostgreSQL, with an SMTP server and a sales site that can
fail, and a proxy that can break any connection. Clients register and ask for addresses, others are due today or tomorrow by an
injected clock. Then something fails. When all is quiet again an oracle reads the tables, the topics, the logs and the list of mails
that the SMTP server took, and judges each invariant below. Services that die are started again after 0.3 s, as a supervisor would.
"""

DEFINITIONS: Final = """\
**Recovery** is the time from the kill (at a kill point) or from the end of the fault (elsewhere) until nothing that was accepted is under
way any more: no job open, no event unpublished or unhandled, no mail to be sent. It contains the work that was still to be done, so
it is longer than the time for which anything stood still. **Duplicates suppressed** are events that reached a consumer again and were
known to its inbox. **A violation** is an invariant that does not hold in a run; a run that does not come to rest within 240 s is one.
"""

NOT_SHOWN: Final = """\
- One machine: no network between hosts, no cluster of brokers, no replica of PostgreSQL takes over. F13 ends every session, as a
  failover does, but nothing else of one.
- PostgreSQL runs with `fsync = off` (and `synchronous_commit = on`): a killed process loses nothing, a power cut is not played.
- The mail server and the sales site are ours. They fail as RFC 5321 and the publishers' habits allow; no real provider was asked.
- "Exactly once" ends at the final dot of SMTP: a mail whose answer was lost stays `unknown` until somebody settles it.
- Failpoints stand between statements that we chose; a kill at another instruction is left to F2, which kills at random moments.
- The load of a run is small (12 or 24 clients): these runs show that nothing is lost, not how fast it goes;
  [performance](performance.md) does. Runs share the machine, two at a time, so times are those of a busy machine.
- Mutants show that the oracle sees the removal of these safeguards, not that it would see any fault.
- Memory is watched for minutes: a leak slower than the noise of the table would need a longer soak.
"""

AGAIN: Final = """\
```
make faults                                         # the ten most telling scenarios, as in CI
make faults SCENARIO='kill assigner.drawn' SEED=3   # one run again: the same seed, the same draws
make faults-full SEEDS=5                            # every scenario, every kill point with five seeds
make faults-mutants                                 # each safeguard taken out in turn
make faults-soak MINUTES=15
make faults-report                                  # this page
```

The seed fixes all that the rig draws: moments, victims, shares of refused mails. What the machine's scheduler does between two
processes it does not fix: a replayed fault may meet another moment.
"""
