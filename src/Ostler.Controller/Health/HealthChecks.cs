using System.Text.Json;
using Microsoft.Extensions.Logging;
using Ostler.Api.Json;
using Ostler.Api.Meta;
using Ostler.Api.Shared;
using Ostler.Rollout.Health;
using Ostler.Rollout.Nodes;
using Polly;
using Polly.Timeout;

namespace Ostler.Controller.Health;

/// <summary>The checks that the controller runs on nodes that are verified.</summary>
internal interface IHealthChecks
{
    /// <summary>These nodes, and no others of this policy, are checked from now on.</summary>
    void Retain(string policy, IReadOnlyList<CheckSubject> subjects);

    /// <summary>
    /// What was found of a node so far in its present boot and by the present checks. A check that was not made yet is not in it.
    /// </summary>
    IReadOnlyList<CheckObservation> Of(string policy, CheckSubject subject);
}

/// <summary>Makes one try of a check.</summary>
internal delegate Task<CheckFinding> RunCheck(CheckSubject subject, HealthCheck check, CancellationToken cancellationToken);

/// <summary>
/// Runs each check of each node at its interval, beside the reconciles, which never wait for one. What is found is kept in memory; a policy
/// is woken when it is news. Each try ends within its timeout, in an error if nothing else, so that no check is ever without a result for
/// longer.
/// </summary>
/// <param name="runCheck">Makes one try.</param>
/// <param name="changed">Called with a policy when a check of its nodes found something new.</param>
/// <param name="failed">Called for each try that did not pass, with the check's kind.</param>
/// <param name="time">The clock.</param>
/// <param name="logger">Where news is told.</param>
internal sealed partial class HealthChecks(
    RunCheck runCheck, Action<string> changed, Action<string, CheckOutcome> failed, TimeProvider time, ILogger<HealthChecks> logger) : IHealthChecks, IAsyncDisposable
{
    private readonly Dictionary<(string Policy, string Node, string Check), Run> _runs = [];
    private readonly List<Task> _ending = [];
    private readonly Lock _lock = new();
    private bool _disposed;

    public void Retain(string policy, IReadOnlyList<CheckSubject> subjects)
    {
        lock (_lock)
        {
            if (_disposed)
            {
                return;
            }

            // A policy that was edited under a node may be invalid, with two checks of one name: the first counts, as it does in the
            // verdict.
            var wanted = subjects.SelectMany(s => s.Checks.Select(c => (Subject: s, Check: c, What: TextOf(s, c))))
                .DistinctBy(w => (w.Subject.Node, w.Check.Name))
                .ToDictionary(w => (policy, w.Subject.Node, w.Check.Name));
            foreach (var (key, run) in _runs.Where(r => r.Key.Policy == policy && !(wanted.TryGetValue(r.Key, out var w) && w.What == r.Value.What)).ToArray())
            {
                _runs.Remove(key);
                _ending.RemoveAll(static t => t.IsCompleted);
                _ending.Add(run.StopAsync());
            }

            foreach (var (key, (subject, check, what)) in wanted)
            {
                if (!_runs.ContainsKey(key))
                {
                    var run = new Run(policy, subject, check, what);
                    _runs[key] = run;
                    run.Running = Task.Run(() => RepeatAsync(run, run.Stop.Token));
                }
            }
        }
    }

    public IReadOnlyList<CheckObservation> Of(string policy, CheckSubject subject)
    {
        lock (_lock)
        {
            return
            [
                .. subject.Checks
                    .Select(c => _runs.GetValueOrDefault((policy, subject.Node, c.Name)) is { Seen: { } seen } run && run.What == TextOf(subject, c) ? seen : null)
                    .OfType<CheckObservation>(),
            ];
        }
    }

    public async ValueTask DisposeAsync()
    {
        lock (_lock)
        {
            _disposed = true;
            _ending.AddRange(_runs.Values.Select(static r => r.StopAsync()));
            _runs.Clear();
        }

        await Task.WhenAll(_ending);
    }

    private async Task RepeatAsync(Run run, CancellationToken cancellationToken)
    {
        var check = run.Check;
        var pipeline = new ResiliencePipelineBuilder { TimeProvider = time }.AddTimeout(CheckKinds.Bounded(check.Timeout)).Build();
        try
        {
            while (true)
            {
                var finding = await TryAsync(pipeline, run, cancellationToken);
                var former = run.Seen;
                var seen = CheckObservation.After(former, check.Name, finding, time.GetUtcNow());
                run.Seen = seen;
                if (seen.Outcome != CheckOutcome.Passed)
                {
                    failed(CheckKinds.NameOf(check), seen.Outcome);
                }

                if (seen.IsNews(former, check.Successes))
                {
                    LogFound(run.Subject.Node, run.Policy, check.Name, seen.Outcome, seen.InARow, seen.Message);
                    changed(run.Policy);
                }

                // The retry is the next try.
                await Task.Delay(CheckKinds.Bounded(check.Interval), time, cancellationToken);
            }
        }
        catch (OperationCanceledException) when (cancellationToken.IsCancellationRequested)
        {
        }
    }

    private async Task<CheckFinding> TryAsync(ResiliencePipeline pipeline, Run run, CancellationToken cancellationToken)
    {
        try
        {
            return await pipeline.ExecuteAsync(static async (s, token) => await s.runCheck(s.run.Subject, s.run.Check, token), (runCheck, run), cancellationToken);
        }
        catch (TimeoutRejectedException)
        {
            return CheckFinding.Error($"no result within {(Duration)CheckKinds.Bounded(run.Check.Timeout)}");
        }
        catch (Exception e) when (!cancellationToken.IsCancellationRequested)
        {
            // A check that dies must not take its node's verdict with it: it would wait for ever.
            LogDied(e, run.Check.Name, run.Subject.Node);
            return CheckFinding.Error($"it ended unexpectedly: {e.Message}");
        }
    }

    /// <summary>Everything that a result rests on: when any of it changes, what was found before counts for nothing.</summary>
    private static string TextOf(CheckSubject subject, HealthCheck check) =>
        $"{subject.Epoch} {subject.Address} {JsonSerializer.Serialize(check, OstlerJson.Default.HealthCheck)}";

    [LoggerMessage(1, LogLevel.Information, "Node {Node} (policy {Policy}): check {Check}: {Outcome}, {InARow} in a row: {Words}")]
    private partial void LogFound(string node, string policy, string check, CheckOutcome outcome, int inARow, string words);

    [LoggerMessage(2, LogLevel.Error, "Check {Check} of node {Node} ended unexpectedly; it is made again")]
    private partial void LogDied(Exception e, string check, string node);

    private sealed class Run(string policy, CheckSubject subject, HealthCheck check, string what)
    {
        private volatile CheckObservation? _seen;

        public string Policy => policy;

        public CheckSubject Subject => subject;

        public HealthCheck Check => check;

        public string What => what;

        public CancellationTokenSource Stop { get; } = new();

        public Task Running { get; set; } = Task.CompletedTask;

        public CheckObservation? Seen
        {
            get => _seen;
            set => _seen = value;
        }

        public async Task StopAsync()
        {
            await Stop.CancelAsync();
            await Running;
            Stop.Dispose();
        }
    }
}
