using System.Collections.Concurrent;
using Ostler.Rollout.Snapshot;

namespace Ostler.Controller.Telemetry;

/// <summary>
/// Since when each agent has owed an answer: a report for the generation that its NodeOS has. An agent has no heartbeat, which would be a
/// write per node and minute for nothing; one that is asked nothing may be silent.
/// </summary>
/// <remarks>Remembered in memory, and so only good for telling: after a restart or a change of leaders the time begins anew.</remarks>
internal sealed class AgentSilence
{
    private readonly ConcurrentDictionary<string, Owed> _owed = new();

    /// <summary>The longest silence among the nodes of a snapshot; zero when every agent has answered.</summary>
    public TimeSpan Observe(RolloutSnapshot snapshot)
    {
        var longest = TimeSpan.Zero;
        foreach (var node in snapshot.Nodes)
        {
            if (node.OS is not { } os || os.Status?.ObservedGeneration >= os.Generation)
            {
                _owed.TryRemove(node.Name, out _);
                continue;
            }

            // A node that was replaced owes nothing from before; a goal that changed again while the agent was silent is the same silence.
            var owed = _owed.AddOrUpdate(
                node.Name,
                static (_, now) => new(now.Uid, now.Since),
                static (_, known, now) => known.Uid == now.Uid ? known : now,
                new Owed(node.Uid, snapshot.Now));
            var silence = snapshot.Now - owed.Since;
            longest = silence > longest ? silence : longest;
        }

        return longest;
    }

    public void Clear() => _owed.Clear();

    private sealed record Owed(string Uid, DateTimeOffset Since);
}
