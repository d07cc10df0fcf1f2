namespace Ostler.Kubernetes.Client;

/// <summary>
/// Stands between a leader and the API server: <see cref="ApiClient"/> asks it right before each write. A process that was frozen, or a
/// machine that was suspended, resumes with a token that no timer has cancelled yet and with findings from before.
/// </summary>
/// <remarks>
/// Between the question and the server's decision the request itself remains. That gap is bounded: a term ends the renew deadline after the
/// last renewal, other candidates wait for the whole lease, and preconditions catch writes of a process that is frozen in the gap.
/// </remarks>
public interface IWriteFence
{
    /// <summary>Returns when writes are allowed.</summary>
    /// <exception cref="OperationCanceledException">The term is over.</exception>
    void Pass();
}
