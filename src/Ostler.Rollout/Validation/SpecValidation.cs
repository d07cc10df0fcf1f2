using Ostler.Api;

namespace Ostler.Rollout;

/// <summary>
/// Checks a spec: what the CRD's own rules would refuse (API servers before 1.25 do not know them) and what this version cannot do yet.
/// </summary>
public static class SpecValidation
{
    /// <summary>Checks a policy; <paramref name="now"/> is the controller's clock, against which moments of the spec are checked.</summary>
    public static IReadOnlyList<FieldProblem> Validate(UpgradePolicySpec spec, DateTimeOffset now) => [];

    public static IReadOnlyList<FieldProblem> Validate(OSImageSpec spec) => [];
}
