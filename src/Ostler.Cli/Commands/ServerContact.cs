using Ostler.Api.Meta;
using Ostler.Cli.Output;
using System.Globalization;

namespace Ostler.Cli.Commands;

/// <summary>
/// Whether the API server still answers. A watch that was cut off is silent, as one is in which nothing changes; so the server is asked
/// something small, again and again.
/// </summary>
/// <param name="ask">Asks the server; any answer will do.</param>
/// <param name="time">The clock.</param>
internal sealed class ServerContact(Func<CancellationToken, Task> ask, TimeProvider time)
{
    /// <summary>Between two questions.</summary>
    public static readonly TimeSpan Period = TimeSpan.FromSeconds(3);

    // An answer may take its time on a busy server.
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(8);

    private long _lastAnswer = time.GetUtcNow().UtcTicks;

    /// <summary>When the server answered last, or when this began.</summary>
    public DateTimeOffset LastAnswer => new(Volatile.Read(ref _lastAnswer), TimeSpan.Zero);

    /// <summary>What is to be said of a server that does not answer; null while it does.</summary>
    public Line? Silence
    {
        get
        {
            var since = LastAnswer;
            var silent = time.GetUtcNow() - since;
            return silent < Patience ? null : new(
                string.Create(CultureInfo.InvariantCulture,
                    $"No answer from the API server for {Format.Span(silent)}. What follows was true at {Timestamp.Format(since)}."), Tone.Bad);
        }
    }

    /// <summary>Asks until cancelled.</summary>
    /// <param name="changed">Called after each question.</param>
    /// <param name="cancellationToken">Ends it.</param>
    public async Task RunAsync(Action changed, CancellationToken cancellationToken)
    {
        while (!cancellationToken.IsCancellationRequested)
        {
            using var patience = new CancellationTokenSource(Patience, time);
            using var either = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken, patience.Token);
            try
            {
                await ask(either.Token);
                Volatile.Write(ref _lastAnswer, time.GetUtcNow().UtcTicks);
            }
            catch (Exception) when (!cancellationToken.IsCancellationRequested)
            {
                // That is what Silence says, once it lasts.
            }

            changed();
            await Task.Delay(Period, time, cancellationToken)
                .ContinueWith(static _ => { }, CancellationToken.None, TaskContinuationOptions.ExecuteSynchronously, TaskScheduler.Default);
        }
    }
}
