using Ostler.Kubernetes.LeaderElection;

namespace Ostler.Kubernetes.Client;

/// <summary>
/// Stands between a leader and the API server: <see cref="ApiClient"/> asks it right before each write, whatever the write is. A process
/// that was frozen, or a machine
/// that was suspended, comes back with a token that no timer has cancelled yet, and with findings from before.
/// </summary>
/// <remarks>
/// Between the question and the server's decision there is still the request itself. It is bounded: a term ends <see
/// cref="LeaderElectionOptions.RenewDeadline"/> after the last renewal, others wait
/// for <c>LeaderElectionOptions.LeaseDuration</c>, and a process that is frozen in just that gap is caught by the preconditions of
/// its writes.
/// </remarks>
public interface IWriteFence
{
    /// <summary>Returns when writes are allowed.</summary>
    /// <exception cref="OperationCanceledException">The term is over.</exception>
    void Pass();
}
