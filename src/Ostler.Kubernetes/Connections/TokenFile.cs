namespace Ostler.Kubernetes.Connections;

/// <summary>A token in a file that somebody else renews.</summary>
/// <remarks>
/// The kubelet renews a bound token at 80 % of its life (of an hour, at least of ten minutes): read once a minute, a token is never used
/// near its end. The file is also read again after the server refused the token.
/// </remarks>
internal sealed class TokenFile(string path, TimeProvider timeProvider)
{
    private static readonly TimeSpan Lifetime = TimeSpan.FromMinutes(1);

    private readonly Lock _lock = new();
    private string? _token;
    private long _readAt;

    /// <exception cref="IOException">The file cannot be read, and never could.</exception>
    public string Read()
    {
        lock (_lock)
        {
            if (_token is null || timeProvider.GetElapsedTime(_readAt) >= Lifetime)
            {
                try
                {
                    _token = File.ReadAllText(path).Trim();
                }
                catch (Exception e) when (_token is not null && e is IOException or UnauthorizedAccessException)
                {
                    // The last one is good for some minutes more, and a volume in the middle of a swap for some milliseconds.
                }
                _readAt = timeProvider.GetTimestamp();
            }
            return _token!;
        }
    }

    /// <summary>The server refused this token: the next <see cref="Read"/> looks into the file.</summary>
    public void Refused(string token)
    {
        lock (_lock)
        {
            if (_token == token)
            {
                _readAt = timeProvider.GetTimestamp() - (long)(Lifetime.TotalSeconds * timeProvider.TimestampFrequency);
            }
        }
    }
}
