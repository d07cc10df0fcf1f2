using Ostler.Api.NodeOSes;

namespace Ostler.Playground;

/// <summary>
/// When each node reached each step, read off the API objects alone as they change. The summary's durations come from here,
/// so they are what a user with <c>kubectl get -w</c> would have measured.
/// </summary>
internal sealed class StepClock(TimeProvider time)
{
    private readonly Lock _gate = new();
    private readonly Dictionary<string, NodeRun> _runs = [];
    private readonly List<NodeRun> _finished = [];

    /// <summary>The order in which a node passes the steps that the summary shows.</summary>
    public static IReadOnlyList<NodeStep> Shown { get; } =
        [NodeStep.Staging, NodeStep.Staged, NodeStep.Cordoned, NodeStep.Rebooting, NodeStep.Verifying, NodeStep.Soaking, NodeStep.RollingBack];

    /// <summary>Takes note of what a node has reached; the first sight of a step counts.</summary>
    /// <returns>True when the node is in another step than before.</returns>
    public bool Observe(string node, string? digest, NodeStep step)
    {
        lock (_gate)
        {
            if (!_runs.TryGetValue(node, out var run))
            {
                run = _runs[node] = new NodeRun(node);
            }

            if (run.Step == step && run.Digest == digest)
            {
                return false;
            }

            if (digest is not null && run.Digest != digest && step is not (NodeStep.RolledBack or NodeStep.Idle))
            {
                Finish(run);
                run = _runs[node] = new NodeRun(node) { Digest = digest };
            }

            run.Step = step;
            run.Reached.TryAdd(step, time.GetTimestamp());
            return true;
        }
    }

    /// <summary>Every run of a node through the steps for one digest, oldest first.</summary>
    public IReadOnlyList<NodeRun> Runs()
    {
        lock (_gate)
        {
            return [.. _finished, .. _runs.Values.Where(r => r.Reached.Count > 1).OrderBy(r => r.Node, StringComparer.Ordinal)];
        }
    }

    /// <summary>How long a run stayed in a step, or null when it never was in it or has not left it.</summary>
    public TimeSpan? Spent(NodeRun run, NodeStep step)
    {
        lock (_gate)
        {
            if (!run.Reached.TryGetValue(step, out var from))
            {
                return null;
            }

            var left = run.Reached.Values.Where(at => at > from).DefaultIfEmpty(0).Min();
            return left == 0 ? null : time.GetElapsedTime(from, left);
        }
    }

    /// <summary>The longest that any run stayed in a step; zero when none left it.</summary>
    public TimeSpan Longest(NodeStep step) => Runs().Select(run => Spent(run, step) ?? TimeSpan.Zero).DefaultIfEmpty(TimeSpan.Zero).Max();

    private void Finish(NodeRun run)
    {
        if (run.Reached.Count > 1)
        {
            _finished.Add(run);
        }
    }
}

/// <summary>One node's way through the steps for one digest.</summary>
internal sealed class NodeRun(string node)
{
    public string Node => node;

    public string? Digest { get; init; }

    public NodeStep Step { get; set; }

    public Dictionary<NodeStep, long> Reached { get; } = [];
}
