using System.Collections.Concurrent;
using Ostler.Rollout.Snapshot;

namespace Ostler.Controller.Drain;

/// <summary>
/// What was found out about single nodes because a plan asked for it. Only a cache: what is lost with it is asked again, and how old an
/// answer may be is for the plan to say.
/// </summary>
/// <param name="time">The controller's clock.</param>
internal sealed class ProbeCache(TimeProvider time)
{
    /// <summary>Longer than any plan takes an answer for fresh. Then it is only a node that nobody asks for any more.</summary>
    private static readonly TimeSpan Kept = TimeSpan.FromMinutes(30);

    /// <summary>Longer than a node waits before it is tried again.</summary>
    private static readonly TimeSpan RefusalKept = TimeSpan.FromHours(2);

    // By UID: what is known of a former node of a name says nothing of its successor.
    private readonly ConcurrentDictionary<string, PreflightFacts> _preflight = new();
    private readonly ConcurrentDictionary<string, WorkloadFacts> _workloads = new();
    private readonly ConcurrentDictionary<string, VolumeFacts> _volumes = new();
    private readonly ConcurrentDictionary<string, RefusedWrite> _refused = new();

    /// <summary>The node with all that is known of it.</summary>
    public NodeFacts With(NodeFacts node) => node with
    {
        Preflight = _preflight.GetValueOrDefault(node.Uid),
        Workloads = _workloads.GetValueOrDefault(node.Uid),
        Volumes = _volumes.GetValueOrDefault(node.Uid),
        Refused = _refused.GetValueOrDefault(node.Uid),
    };

    /// <summary>The API server refused a write for the node. Kept until such a write goes through.</summary>
    public void Refuse(string nodeUid, string what, string message)
    {
        var now = time.GetUtcNow();
        _refused.AddOrUpdate(
            nodeUid, _ => new(what, now, now, message), (_, former) => new(what, former.What == what ? former.Since : now, now, message));
    }

    /// <summary>A write to this object of the node went through.</summary>
    public void Accept(string nodeUid, string what)
    {
        if (_refused.TryGetValue(nodeUid, out var refused) && refused.What == what)
        {
            _refused.TryRemove(new(nodeUid, refused));
        }
    }

    public void Set(string nodeUid, PreflightFacts answer) => _preflight[nodeUid] = answer;

    /// <summary>Counts failures in a row.</summary>
    public void Set(string nodeUid, WorkloadFacts answer) => _workloads.AddOrUpdate(
        nodeUid, answer, (_, former) => answer.Error is null ? answer : answer with { Failures = former.Failures + 1 });

    /// <summary>Counts failures in a row.</summary>
    public void Set(string nodeUid, VolumeFacts answer) => _volumes.AddOrUpdate(
        nodeUid, answer, (_, former) => answer.Error is null ? answer : answer with { Failures = former.Failures + 1 });

    /// <summary>Forgets what nobody has asked for in a long time.</summary>
    public void Prune()
    {
        var oldest = time.GetUtcNow() - Kept;
        Remove(_preflight, a => a.At < oldest);
        Remove(_workloads, a => a.At < oldest);
        Remove(_volumes, a => a.At < oldest);
        Remove(_refused, a => a.At < time.GetUtcNow() - RefusalKept);
    }

    private static void Remove<T>(ConcurrentDictionary<string, T> answers, Func<T, bool> old)
    {
        foreach (var answer in answers.Where(a => old(a.Value)))
        {
            answers.TryRemove(answer);
        }
    }
}
