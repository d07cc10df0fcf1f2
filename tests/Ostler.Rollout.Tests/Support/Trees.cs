using Ostler.Api.Meta;
using Ostler.Api.NodeOSes;
using Ostler.Api.OSImages;
using Ostler.Api.UpgradePolicies;

namespace Ostler.Rollout.Tests.Support;

/// <summary>The trees, image and policy that the tests speak of.</summary>
internal static class Trees
{
    /// <summary>Selects whatever does not say no: an empty selector selects nothing.</summary>
    public static LabelSelector AllNodes { get; } = new() { MatchExpressions = [new() { Key = "none", Operator = LabelOperator.DoesNotExist }] };

    public static readonly string Old = new('a', 64);
    public static readonly string New = new('b', 64);
    public static readonly string Newer = new('c', 64);
    public static readonly string Foreign = new('f', 64);

    public static readonly OSImageSpec ImageSpec = new()
    {
        Ostree = new() { Remote = "acme", Url = "https://ostree.acme.example/repo", Ref = "acme/stable/x86_64/edge" },
    };

    public static NodeImage Image(string digest) => new()
    {
        Digest = digest,
        Version = VersionOf(digest),
        Ostree = new() { Remote = "acme", Url = "https://ostree.acme.example/repo", Ref = "acme/stable/x86_64/edge" },
    };

    public static string VersionOf(string digest) => digest[0] switch
    {
        'a' => "41",
        'b' => "42",
        'c' => "43",
        _ => "0",
    };

    public static UpgradePolicySpec Policy(Func<UpgradePolicySpec, UpgradePolicySpec>? change = null)
    {
        var spec = new UpgradePolicySpec { ImageRef = new() { Name = "edge-os" }, NodeSelector = AllNodes };
        return change is null ? spec : change(spec);
    }
}
