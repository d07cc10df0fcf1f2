using Ostler.Api.Meta;
using Ostler.Api.UpgradePolicies;
using Ostler.Rollout.Tests.Support;
using Ostler.Simulation;

namespace Ostler.Rollout.Tests.Simulation;

/// <summary>Fleets, policies and targets for forecasts. They begin on a Monday at eight in the evening, UTC.</summary>
internal static class Fleets
{
    public static DateTimeOffset Start { get; } = new(2026, 11, 2, 20, 0, 0, TimeSpan.Zero);

    public static FleetTarget Target { get; } = new() { Digest = Trees.New, Version = "42", Image = Trees.ImageSpec };

    public static FleetDescription Of(params FleetNodes[] nodes) => new() { Nodes = nodes, Start = Start };

    public static FleetNodes Edge(int count) => new() { Name = "edge", Count = count, Zones = ["a", "b"], Version = "41" };

    /// <summary>At ten each evening, UTC.</summary>
    public static MaintenanceWindow Nightly(double hours) => new() { Schedule = "0 22 * * *", Duration = Duration.FromMinutes(60 * hours) };

    public static RolloutForecast Forecast(FleetDescription fleet, Func<UpgradePolicySpec, UpgradePolicySpec>? policy = null) =>
        RolloutSimulation.Forecast(fleet, "edge", Trees.Policy(policy), Target);
}
