namespace Ostler.Kubernetes.Queues;

/// <summary>Counts the failures of each key. Not synchronised.</summary>
internal sealed class KeyBackoff<TKey>(BackoffOptions options) where TKey : notnull
{
    private readonly Dictionary<TKey, int> _failures = [];

    public TimeSpan Next(TKey key)
    {
        var failures = _failures.GetValueOrDefault(key) + 1;
        _failures[key] = failures;
        return options.After(failures);
    }

    public int Failures(TKey key) => _failures.GetValueOrDefault(key);

    public void Forget(TKey key) => _failures.Remove(key);
}
