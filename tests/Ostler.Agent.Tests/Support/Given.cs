using Ostler.Agent.Backends.Ostree;
using Ostler.Agent.Host;

namespace Ostler.Agent.Tests.Support;

/// <summary>Parts of the agent, with what a test does not care about filled in.</summary>
internal static class Given
{
    public static StagingUnit Unit(ICommandRunner runner, HostFiles files, TimeProvider? time = null) => new(runner, files, time ?? TimeProvider.System);

    public static OstreeTools Ostree(ICommandRunner runner, HostFiles files, int year = 2022, int number = 7) =>
        new(new OstreeVersion(year, number), runner, files, Unit(runner, files));

    public static OstreeCommands OstreeCommands(ICommandRunner runner, HostFiles files) => new(runner, Unit(runner, files));
}
