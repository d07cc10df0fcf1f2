using System.Globalization;
using System.Security.Cryptography;
using System.Text;
using Ostler.Api.NodeOSes;
using Ostler.Api.UpgradePolicies;

namespace Ostler.Rollout.Traces;

/// <summary>
/// One span of a trace by its IDs, as W3C Trace Context writes them: 32 and 16 lower-case hexadecimal digits.
/// </summary>
/// <param name="TraceId">The trace.</param>
/// <param name="SpanId">The span within it.</param>
public readonly record struct SpanIdentity(string TraceId, string SpanId);

/// <summary>
/// The IDs of traces and spans, computed from what is recorded in the objects and from nothing else: every leader, before and after any
/// restart, gives the same span the same ID. What is sent twice is then one span for whoever stores it, and a trace that one leader began
/// the next one goes on with.
/// </summary>
public static class TraceIdentity
{
    /// <summary>The root of the trace of one attempt to upgrade one node; null: the spec is of no attempt.</summary>
    /// <param name="nodeUid">The Node's UID: a machine that came back under the same name is another one.</param>
    /// <param name="spec">The NodeOS's spec, which names policy, tree and attempt. Its policy by name: one that is deleted midway has no
    /// UID any more.</param>
    public static SpanIdentity? OfNode(string nodeUid, NodeOSSpec spec) =>
        spec is { Policy: { } policy, Attempt: > 0 } ? OfNode(nodeUid, policy, spec.Image?.Digest, spec.Attempt) : null;

    internal static SpanIdentity OfNode(string nodeUid, string policy, string? digest, long attempt) =>
        Root($"node\n{policy}\n{nodeUid}\n{digest}\n{attempt.ToString(CultureInfo.InvariantCulture)}");

    /// <summary>The root of the trace of one rollout; null: none has begun, or the policy is gone.</summary>
    public static SpanIdentity? OfRollout(string? policyUid, UpgradePolicyStatus? status) =>
        policyUid is not null && status is { StartedAt: { } started, Target.Digest: { } digest }
            ? Root($"rollout\n{policyUid}\n{digest}\n{started.ToUnixTimeSeconds().ToString(CultureInfo.InvariantCulture)}")
            : null;

    /// <summary>A span below a root. Its times belong to it: a step that is taken twice makes two spans.</summary>
    internal static SpanIdentity Child(this SpanIdentity root, string name, DateTimeOffset from, DateTimeOffset to) =>
        new(root.TraceId, Hash(string.Create(CultureInfo.InvariantCulture, $"{root.TraceId}\n{name}\n{from.UtcTicks}\n{to.UtcTicks}"), 16));

    private static SpanIdentity Root(string facts) => new(Hash(facts, 32), Hash($"root\n{facts}", 16));

    private static string Hash(string text, int digits) => Convert.ToHexStringLower(SHA256.HashData(Encoding.UTF8.GetBytes(text)))[..digits];
}
