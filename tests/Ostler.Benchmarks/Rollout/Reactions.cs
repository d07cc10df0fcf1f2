using System.Globalization;
using System.Text.Json.Nodes;
using Ostler.Testing.ControlPlane;

namespace Ostler.Benchmarks.Rollout;

/// <summary>One step that the controller took.</summary>
/// <param name="Kind">Which, as in "drained, then told to boot".</param>
/// <param name="Delay">From the event that allowed it to the write.</param>
internal readonly record struct Reaction(string Kind, TimeSpan Delay);

/// <summary>
/// Finds in the requests of a rollout each write of the controller that takes a step, and what allowed it. Pure.
/// </summary>
/// <remarks>An event counts from its answer (before that nobody could know of it), a write from its arrival.</remarks>
internal sealed class Reactions
{
    private readonly List<Reaction> _found = [];

    private Reactions()
    {
    }

    /// <param name="requests">All requests of the rollout, by the time of their arrival.</param>
    /// <param name="soak">The policy's soak.</param>
    /// <param name="slots">How many nodes may be unavailable at once.</param>
    /// <param name="nodeOfPod">Where a pod is.</param>
    public static IReadOnlyList<Reaction> Find(IReadOnlyList<ApiRequest> requests, TimeSpan soak, int slots, Func<string, string> nodeOfPod)
    {
        var reactions = new Reactions();
        var taken = requests.Where(r => r is { IsWrite: true, Code: < 300 }).ToArray();
        foreach (var node in taken.Where(r => Resource(r) == "nodes").GroupBy(r => r.Name).Select(g => g.Key))
        {
            reactions.OfNode(taken, node, soak, nodeOfPod);
        }

        reactions.OfSlots(taken, slots);
        return reactions._found;
    }

    private void OfNode(ApiRequest[] all, string node, TimeSpan soak, Func<string, string> nodeOfPod)
    {
        var own = all.Where(r => r.Name == node).ToArray();
        var pods = all.Where(r => Resource(r) == "pods" && nodeOfPod(r.Name) == node).ToArray();
        var cordon = own.FirstOrDefault(IsCordon);
        var boot = own.FirstOrDefault(r => Goal(r) == "Boot");
        var soaks = own.FirstOrDefault(r => HealthySince(r) is not null);
        var uncordon = own.FirstOrDefault(r => IsUncordon(r));
        Add("cordoned, then its pods evicted", cordon?.Done, pods.FirstOrDefault(r => r.IsEviction && r.Received >= cordon?.Done));

        // A pod no longer counts once the kubelet says that its containers ended, which may be before it is gone; both are the kubelet's
        // writes.
        Add("drained, then told to boot", pods.LastOrDefault(r => r.Agent == "kubelet" && r.Done < boot?.Received)?.Done, boot);

        // Agent and kubelet both report from the new boot, in either order; the later one allows the soak to begin.
        Add(
            "healthy, then soaks",
            own.Where(r => r.Agent is "kubelet" or "ostler-agent" && r.Received > boot?.Received && r.Done < soaks?.Received).Select(r => (DateTimeOffset?)r.Done).Max(),
            soaks);
        Add("soaked, then uncordoned", soaks is null ? null : HealthySince(soaks) + soak, uncordon);
    }

    private void OfSlots(ApiRequest[] all, int slots)
    {
        // While slots are free, each node that is staged gets one; then each slot that is given back goes to the next node.
        var cordons = all.Where(IsCordon).ToArray();
        var staged = all.Where(r => r.Agent == "ostler-agent" && (string?)r.Body?["status"]?["step"] == "Staged").Select(r => r.Done).Order().ToArray();
        var freed = all.Where(r => Goal(r) == "Observe" && r.Agent == "ostler-controller").Select(r => r.Done).Order().ToArray();
        for (var i = 0; i < cordons.Length; i++)
        {
            if (i < slots && i < staged.Length)
            {
                Add("staged, then cordoned", staged[i], cordons[i]);
            }
            else if (i - slots < freed.Length)
            {
                Add("slot free, then the next node cordoned", freed[i - slots], cordons[i]);
            }
        }
    }

    private void Add(string kind, DateTimeOffset? allowed, ApiRequest? write)
    {
        if (allowed is { } at && write is not null)
        {
            _found.Add(new(kind, write.Received - at));
        }
    }

    /// <summary>
    /// How long the nodes did soak: the moment from which it counts is written in whole seconds, and so a little less than was asked for.
    /// </summary>
    public static IEnumerable<TimeSpan> Soaks(IReadOnlyList<ApiRequest> requests, TimeSpan soak) =>
        requests.Where(r => HealthySince(r) is not null && r.Code < 300).Select(r => HealthySince(r)!.Value + soak - r.Received);

    private static bool IsCordon(ApiRequest request) => request is { Agent: "ostler-controller", Resource: "nodes" } && (bool?)Spec(request)?["unschedulable"] == true;

    private static bool IsUncordon(ApiRequest request) =>
        request is { Agent: "ostler-controller", Resource: "nodes" } && Spec(request) is { } spec && spec.ContainsKey("unschedulable") && spec["unschedulable"] is null;

    private static string? Goal(ApiRequest request) => request is { Agent: "ostler-controller", Resource: "nodeoses" } ? (string?)Spec(request)?["goal"] : null;

    // The spec that a patch puts there, of whichever kind it is.
    private static JsonObject? Spec(ApiRequest request) => request.Body switch
    {
        JsonArray operations => operations.FirstOrDefault(o => (string?)o?["path"] == "/spec")?["value"] as JsonObject,
        JsonObject patch => patch["spec"] as JsonObject,
        _ => null,
    };

    private static DateTimeOffset? HealthySince(ApiRequest request) =>
        Goal(request) == "Boot" && (string?)Spec(request)?["healthySince"] is { } text ? DateTimeOffset.Parse(text, CultureInfo.InvariantCulture) : null;

    private static string Resource(ApiRequest request) => request.Resource.Split('/')[0];
}
