using Microsoft.Extensions.Logging;

namespace Ostler.IntegrationTests.Cluster;

/// <summary>The log of a test, shown with it when it fails.</summary>
internal sealed class TestLog(ITestOutputHelper output, string source) : ILoggerFactory
{
    public void AddProvider(ILoggerProvider provider)
    {
    }

    public ILogger CreateLogger(string categoryName) => categoryName.StartsWith("Microsoft.", StringComparison.Ordinal)
        ? Microsoft.Extensions.Logging.Abstractions.NullLogger.Instance
        : new Logger(output, $"{source} {categoryName.Split('.')[^1]}");

    public void Dispose()
    {
    }

    private sealed class Logger(ITestOutputHelper output, string name) : ILogger
    {
        public IDisposable? BeginScope<TState>(TState state) where TState : notnull => null;

        public bool IsEnabled(LogLevel logLevel) => logLevel >= LogLevel.Debug;

        public void Log<TState>(LogLevel logLevel, EventId eventId, TState state, Exception? exception, Func<TState, Exception?, string> formatter)
        {
            try
            {
                output.WriteLine($"{TimeProvider.System.GetUtcNow():HH:mm:ss.fff} {logLevel,-11} {name}: {formatter(state, exception)}{(exception is null ? "" : $" ({exception.GetType().Name}: {exception.Message})")}");
            }
            catch (InvalidOperationException)
            {
                // The test is over; nobody reads this.
            }
        }
    }
}
