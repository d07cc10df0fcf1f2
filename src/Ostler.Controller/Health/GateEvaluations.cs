using System.Text.Json;
using Microsoft.Extensions.Logging;
using Ostler.Api.Json;
using Ostler.Api.Meta;
using Ostler.Api.UpgradePolicies;
using Ostler.Rollout.Health;
using Ostler.Rollout.Planner;
using Polly;
using Polly.Timeout;

namespace Ostler.Controller.Health;

/// <summary>The gates of policies with outdated nodes.</summary>
internal interface IGateEvaluations
{
    /// <summary>These gates, and no others of this policy, are evaluated from now on.</summary>
    void Retain(string policy, IReadOnlyList<GateSubject> subjects);

    /// <summary>What was found of these gates so far, as their specs are now. One that was not evaluated yet is not in it.</summary>
    IReadOnlyList<GateObservation> Of(string policy, IReadOnlyList<GateSpec>? gates, LabelSelector? nodes);
}

/// <summary>Evaluates a gate once.</summary>
internal delegate Task<GateFinding> EvaluateGate(GateSubject subject, CancellationToken cancellationToken);

/// <summary>
/// Evaluates each gate at its interval, and at once when a slot waits for it, beside the reconciles, which never wait for one. What is
/// found
/// is kept in memory; a policy is woken when it is news, or when it waits. Each evaluation ends within its timeout, in an error if nothing
/// else, so that a server that hangs closes its gate and holds up nothing.
/// </summary>
/// <param name="evaluate">Evaluates a gate once.</param>
/// <param name="changed">Called with a policy when there is something for it.</param>
/// <param name="time">The controller's clock.</param>
/// <param name="logger">Where news is told.</param>
internal sealed partial class GateEvaluations(
    EvaluateGate evaluate, Action<string> changed, TimeProvider time, ILogger<GateEvaluations> logger) : IGateEvaluations, IAsyncDisposable
{
    private readonly Dictionary<(string Policy, string Gate), Run> _runs = [];
    private readonly List<Task> _ending = [];
    private readonly Lock _lock = new();
    private bool _disposed;

    public void Retain(string policy, IReadOnlyList<GateSubject> subjects)
    {
        lock (_lock)
        {
            if (_disposed)
            {
                return;
            }

            var wanted = subjects.DistinctBy(s => s.Gate.Name).ToDictionary(s => (policy, s.Gate.Name));
            foreach (var (key, run) in _runs.Where(
                r => r.Key.Policy == policy && !(wanted.TryGetValue(r.Key, out var w) && TextOf(w.Gate, w.Nodes) == r.Value.Text))
                    .ToArray())
            {
                _runs.Remove(key);
                _ending.RemoveAll(static t => t.IsCompleted);
                _ending.Add(run.StopAsync());
            }

            foreach (var (key, subject) in wanted)
            {
                if (!_runs.TryGetValue(key, out var run))
                {
                    run = _runs[key] = new Run(policy, subject, TextOf(subject.Gate, subject.Nodes));
                    run.Running = Task.Run(() => RepeatAsync(run, run.Stop.Token));
                }
                else if (subject.Now)
                {
                    run.Hurry();
                }
            }
        }
    }

    public IReadOnlyList<GateObservation> Of(string policy, IReadOnlyList<GateSpec>? gates, LabelSelector? nodes)
    {
        if (gates is null or { Count: 0 } || nodes is null)
        {
            return [];
        }

        lock (_lock)
        {
            return
            [
                .. gates.Select(g =>
                    _runs.GetValueOrDefault((policy, g.Name)) is { Seen: { } seen } run && run.Text == TextOf(g, nodes) ? seen : null)
                    .OfType<GateObservation>(),
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
        var gate = run.Subject.Gate;
        var pipeline = new ResiliencePipelineBuilder { TimeProvider = time }.AddTimeout(CheckKinds.Bounded(gate.Timeout)).Build();
        try
        {
            while (true)
            {
                // Whoever waits from now on waits for this very evaluation: by its beginning its age is counted.
                var hurried = run.Begin();
                var at = time.GetUtcNow();
                var finding = await TryAsync(pipeline, run, cancellationToken);
                var former = run.Seen;
                var seen = GateObservation.After(former, gate, finding, at);
                run.Seen = seen;
                if (seen.IsNews(former))
                {
                    LogFound(run.Policy, gate.Name, seen.Whole.Finding.Outcome, seen.Whole.Finding.Message);
                    changed(run.Policy);
                }
                else if (hurried)
                {
                    changed(run.Policy);
                }

                await run.WaitAsync(CheckKinds.Bounded(gate.Interval), time, cancellationToken);
            }
        }
        catch (OperationCanceledException) when (cancellationToken.IsCancellationRequested)
        {
        }
    }

    private async Task<GateFinding> TryAsync(ResiliencePipeline pipeline, Run run, CancellationToken cancellationToken)
    {
        try
        {
            return await pipeline.ExecuteAsync(
                static async (s, token) => await s.evaluate(s.run.Subject, token), (evaluate, run), cancellationToken);
        }
        catch (TimeoutRejectedException)
        {
            return new(CheckFinding.Error($"no answer within {(Duration)CheckKinds.Bounded(run.Subject.Gate.Timeout)}"));
        }
        catch (Exception e) when (!cancellationToken.IsCancellationRequested)
        {
            // A gate that dies must not stay as it was: it would open on an old answer, or wait forever.
            LogDied(e, run.Subject.Gate.Name, run.Policy);
            return new(CheckFinding.Error($"its evaluation ended unexpectedly: {e.Message}"));
        }
    }

    /// <summary>Everything that an answer rests on: when any of it changes, what was found before counts for nothing.</summary>
    private static string TextOf(GateSpec gate, LabelSelector nodes) =>
        $"{JsonSerializer.Serialize(gate, OstlerJson.Default.GateSpec)} {nodes.ToQuery()}";

    [LoggerMessage(1, LogLevel.Information, "Gate {Gate} of policy {Policy}: {Outcome}: {Words}")]
    private partial void LogFound(string policy, string gate, CheckOutcome outcome, string words);

    [LoggerMessage(2, LogLevel.Error, "The evaluation of gate {Gate} of policy {Policy} ended unexpectedly; it is evaluated again")]
    private partial void LogDied(Exception e, string gate, string policy);

    private sealed class Run(string policy, GateSubject subject, string text)
    {
        private readonly Lock _lock = new();
        private TaskCompletionSource _hurry = new(TaskCreationOptions.RunContinuationsAsynchronously);
        private volatile GateObservation? _seen;

        public string Policy => policy;

        public GateSubject Subject => subject;

        public string Text => text;

        public CancellationTokenSource Stop { get; } = new();

        public Task Running { get; set; } = Task.CompletedTask;

        public GateObservation? Seen
        {
            get => _seen;
            set => _seen = value;
        }

        /// <summary>The next evaluation begins at once, and the policy is woken whatever it finds.</summary>
        public void Hurry()
        {
            lock (_lock)
            {
                _hurry.TrySetResult();
            }
        }

        /// <summary>An evaluation begins.</summary>
        /// <returns>Whether somebody waits for it.</returns>
        public bool Begin()
        {
            lock (_lock)
            {
                var hurried = _hurry.Task.IsCompleted;
                _hurry = hurried ? new(TaskCreationOptions.RunContinuationsAsynchronously) : _hurry;
                return hurried;
            }
        }

        public async Task WaitAsync(TimeSpan interval, TimeProvider time, CancellationToken cancellationToken)
        {
            Task hurry;
            lock (_lock)
            {
                hurry = _hurry.Task;
            }

            using var end = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
            await Task.WhenAny(hurry, Task.Delay(interval, time, end.Token));
            await end.CancelAsync();
            cancellationToken.ThrowIfCancellationRequested();
        }

        public async Task StopAsync()
        {
            await Stop.CancelAsync();
            await Running;
            Stop.Dispose();
        }
    }
}

/// <summary>Evaluates nothing, so that a policy with gates waits.</summary>
internal sealed class NoGateEvaluations : IGateEvaluations
{
    public static NoGateEvaluations Instance { get; } = new();

    public void Retain(string policy, IReadOnlyList<GateSubject> subjects)
    {
    }

    public IReadOnlyList<GateObservation> Of(string policy, IReadOnlyList<GateSpec>? gates, LabelSelector? nodes) => [];
}
