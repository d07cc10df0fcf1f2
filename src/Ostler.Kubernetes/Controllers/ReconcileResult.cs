using Ostler.Kubernetes.Queues;

namespace Ostler.Kubernetes.Controllers;

/// <summary>What a reconcile that did not fail wants next.</summary>
public readonly record struct ReconcileResult
{
    /// <summary>Come again after this time even if nothing changes; null: only when something does.</summary>
    public TimeSpan? RequeueAfter { get; private init; }

    /// <summary>Nothing to do until something changes.</summary>
    public static ReconcileResult Done => default;

    /// <summary>Come again after this time, which must be positive: for "at once" there is no good reason.</summary>
    public static ReconcileResult After(TimeSpan delay)
    {
        ArgumentOutOfRangeException.ThrowIfLessThanOrEqual(delay, TimeSpan.Zero);
        return new ReconcileResult { RequeueAfter = delay };
    }
}

/// <summary>Brings the world closer to what the object of this key asks for. The key says nothing of what happened: observe.</summary>
public delegate Task<ReconcileResult> Reconcile<in TKey>(TKey key, CancellationToken cancellationToken);

/// <summary>A failure that trying again cannot cure: the key rests until its object changes.</summary>
public sealed class TerminalException : Exception
{
    public TerminalException(string message)
        : base(message)
    {
    }

    public TerminalException(string message, Exception innerException)
        : base(message, innerException)
    {
    }
}

/// <summary>How a controller works.</summary>
public sealed record ControllerOptions
{
    /// <summary>Keys that are worked on at once. Default 1. The same key never is.</summary>
    public int Workers { get; init; } = 1;

    /// <summary>A reconcile is cancelled after this time, and its key retried. Default 2 min.</summary>
    public TimeSpan ReconcileTimeout { get; init; } = TimeSpan.FromMinutes(2);

    /// <summary>How long a stopping controller waits for the reconciles under way, whose tokens are cancelled. Default 20 s.</summary>
    public TimeSpan ShutdownTimeout { get; init; } = TimeSpan.FromSeconds(20);

    /// <summary>How failures are retried.</summary>
    public WorkQueueOptions Queue { get; init; } = new();
}
