using Microsoft.Extensions.Logging;
using Ostler.Controller.Telemetry;
using Ostler.Rollout.Text;

namespace Ostler.Controller.Startup;

/// <summary>
/// Keeps a process that has just started from deciding by a wrong time. It has no former answer of the API server to compare the first one
/// with, and the deadlines of nodes in flight would all seem to be over: so it does not stand for election while the API server's clock and
/// the machine's disagree. A replica that runs already leads on.
/// </summary>
/// <param name="ask">Any request to the API server.</param>
/// <param name="clock">Learns from the answers.</param>
/// <param name="readiness">Is told.</param>
/// <param name="time">For the pauses in between.</param>
/// <param name="logger">Is told.</param>
internal sealed partial class ClockTrust(
    Func<CancellationToken, Task> ask, ServerClock clock, Readiness readiness, TimeProvider time, ILogger<ClockTrust> logger)
{
    /// <summary>How soon the API server is asked again.</summary>
    public static readonly TimeSpan Pause = TimeSpan.FromSeconds(5);

    /// <summary>Comes back when the API server has answered and its time can be trusted.</summary>
    public async Task WaitAsync(CancellationToken cancellationToken)
    {
        var doubted = false;
        while (true)
        {
            await AskAsync(cancellationToken);
            if (clock is { Sight: not null, Doubt: null })
            {
                break;
            }

            if (clock.Doubt is { } doubt && !doubted)
            {
                doubted = true;
                readiness.DoubtsClock();
                LogDoubt(doubt.TotalSeconds, ClusterTime.Confirmation.TotalMinutes);
            }

            await Task.Delay(Pause, time, cancellationToken);
        }

        if (doubted)
        {
            LogTrusted(clock.GetUtcNow());
        }
    }

    private async Task AskAsync(CancellationToken cancellationToken)
    {
        try
        {
            await ask(cancellationToken);
        }
        catch (Exception e) when (!cancellationToken.IsCancellationRequested)
        {
            // An answer that is an error is an answer, and the clock has its date.
            LogNotAsked(e.Message);
        }
    }

    [LoggerMessage(1, LogLevel.Warning, "The API server's clock is {Seconds:0} s ahead of this machine's. Nothing is decided until they agree, or until they have differed by the same for {Minutes:0} min. Synchronize the clocks of the control plane and of this node")]
    private partial void LogDoubt(double seconds, double minutes);

    [LoggerMessage(2, LogLevel.Information, "The API server's clock is trusted: it is {Now:yyyy-MM-dd'T'HH:mm:ss'Z'}")]
    private partial void LogTrusted(DateTimeOffset now);

    [LoggerMessage(3, LogLevel.Warning, "The API server could not be asked for the time: {Message}")]
    private partial void LogNotAsked(string message);
}
