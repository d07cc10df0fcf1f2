using System.Globalization;

namespace Ostler.Testing.Waiting;

/// <summary>
/// The one way in which demo, integration tests and e2e-vm wait: until something holds, or until nothing new has happened for a while.
/// </summary>
public sealed record ProgressWait
{
    /// <summary>
    /// Enough for the slowest single step on a busy machine: a boot in software emulation, a start of a program that is compiled as it
    /// starts.
    /// </summary>
    public static readonly TimeSpan DefaultPatience = TimeSpan.FromMinutes(3);

    public TimeProvider Time { get; init; } = TimeProvider.System;

    /// <summary>How long nothing new may happen.</summary>
    public TimeSpan Patience { get; init; } = DefaultPatience;

    /// <summary>How often <see cref="Say"/> gets a line.</summary>
    public TimeSpan SignOfLife { get; init; } = TimeSpan.FromSeconds(10);

    /// <summary>Gets a sign of life: what is waited for, the state, and how old that is.</summary>
    public Action<string>? Say { get; init; }

    /// <summary>Waits until a view of something holds.</summary>
    /// <param name="awaited">What is waited for, for people.</param>
    /// <param name="look">The present view.</param>
    /// <param name="holds">Whether it is the one that is waited for.</param>
    /// <param name="state">The view in one line. A line that was not there before is progress, so it must not hold clocks or counters of
    /// attempts.</param>
    /// <param name="next">A task that is done at the next change; asked for before <paramref name="look"/>, so that no change is
    /// missed.</param>
    /// <param name="cancellationToken">Ends the wait.</param>
    /// <param name="source">What else counts as progress, such as the lines of a console.</param>
    /// <exception cref="NoProgressException">Nothing new happened for <see cref="Patience"/>.</exception>
    public async Task<T> UntilAsync<T>(
        string awaited, Func<T> look, Func<T, bool> holds, Func<T, string> state, Func<Task> next, CancellationToken cancellationToken, IProgressSource? source = null)
    {
        using var timer = new ProgressTimer(Time, Patience);
        using var either = CancellationTokenSource.CreateLinkedTokenSource(timer.Expired, cancellationToken);
        using var following = source?.Follow(timer);
        using var signs = Say is { } say ? Time.CreateTimer(_ => say(Line(awaited, timer)), null, SignOfLife, SignOfLife) : null;
        while (true)
        {
            var change = next();
            var view = look();
            if (holds(view))
            {
                return view;
            }

            timer.Observe(state(view));
            try
            {
                await change.WaitAsync(either.Token).ConfigureAwait(false);
            }
            catch (OperationCanceledException) when (either.IsCancellationRequested)
            {
                cancellationToken.ThrowIfCancellationRequested();
                throw new NoProgressException(awaited, Patience, state(view));
            }
        }
    }

    /// <summary>Waits for a task as long as something else makes progress.</summary>
    /// <exception cref="NoProgressException">Nothing new happened for <see cref="Patience"/>.</exception>
    public async Task<T> ForAsync<T>(string awaited, Task<T> task, IProgressSource source, CancellationToken cancellationToken)
    {
        await UntilAsync(awaited, () => task, t => t.IsCompleted, static _ => "not done", () => task.ContinueWith(static _ => { }, TaskScheduler.Default), cancellationToken, source).ConfigureAwait(false);
        return await task.ConfigureAwait(false);
    }

    private static string Line(string awaited, ProgressTimer timer) => string.Create(
        CultureInfo.InvariantCulture, $"waiting for: {awaited}. {timer.LastState} (last progress {timer.Quiet.TotalSeconds:0} s ago, gives up at {timer.Patience.TotalSeconds:0} s)");
}
