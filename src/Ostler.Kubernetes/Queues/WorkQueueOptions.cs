namespace Ostler.Kubernetes.Queues;

/// <summary>How a queue retries.</summary>
public sealed record WorkQueueOptions
{
    /// <summary>The delay of one key's retries. Default 5 ms doubling to 5 min. A key is never given up.</summary>
    public BackoffOptions Backoff { get; init; } = new() { Initial = TimeSpan.FromMilliseconds(5), Maximum = TimeSpan.FromMinutes(5) };
}

/// <summary>What <see cref="WorkQueue{TKey}.GetAsync"/> returned.</summary>
/// <param name="Key">The key; meaningless when shutting down.</param>
/// <param name="ShuttingDown">The queue is shut down and empty: there will never be another key.</param>
public readonly record struct Dequeued<TKey>(TKey Key, bool ShuttingDown);
