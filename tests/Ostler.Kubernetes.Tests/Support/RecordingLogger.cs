using System.Collections.Concurrent;
using Microsoft.Extensions.Logging;

namespace Ostler.Kubernetes.Tests.Support;

/// <summary>Remembers what was logged.</summary>
internal sealed class RecordingLogger : ILogger
{
    private readonly ConcurrentQueue<(LogLevel Level, string Message)> _lines = new();
    private readonly ConcurrentQueue<IReadOnlyDictionary<string, object?>> _scopes = new();

    public IReadOnlyList<LogLevel> Levels => [.. _lines.Select(l => l.Level)];

    public IReadOnlyList<string> Messages => [.. _lines.Select(l => l.Message)];

    public IReadOnlyList<IReadOnlyDictionary<string, object?>> Scopes => [.. _scopes];

    public IDisposable? BeginScope<TState>(TState state) where TState : notnull
    {
        if (state is IEnumerable<KeyValuePair<string, object?>> values)
        {
            _scopes.Enqueue(values.ToDictionary());
        }
        return null;
    }

    public bool IsEnabled(LogLevel logLevel) => true;

    public void Log<TState>(LogLevel logLevel, EventId eventId, TState state, Exception? exception, Func<TState, Exception?, string> formatter) =>
        _lines.Enqueue((logLevel, formatter(state, exception)));
}
