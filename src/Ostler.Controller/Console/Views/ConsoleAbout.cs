using System.Reflection;

namespace Ostler.Controller.Console.Views;

/// <summary>What the page shows in its header: which cluster and which Ostler this is, and who is signed in. Sent with the first event of
/// a stream.</summary>
internal sealed record ConsoleAbout
{
    /// <summary>The cluster's name, as <c>--console-cluster-name</c> or the kubeconfig has it. Absent: not known.</summary>
    public string? Cluster { get; init; }

    /// <summary>The controller's version.</summary>
    public required string Version { get; init; }

    /// <summary>The user name of the token, as the API server returned it. Absent: no token is required, because the console is on
    /// loopback.</summary>
    public string? User { get; init; }

    /// <summary>Where the documentation is.</summary>
    public string Docs { get; init; } = "https://ostler.dev/docs";

    /// <summary>Of this controller, for a user.</summary>
    public static ConsoleAbout Of(string? cluster, string? user) => new() { Cluster = cluster, User = user, Version = ProgramVersion };

    // The commit after the plus sign is for a bug report; the header has room for the version.
    private static string ProgramVersion { get; } =
        (typeof(ConsoleAbout).Assembly.GetCustomAttribute<AssemblyInformationalVersionAttribute>()?.InformationalVersion ?? "0.0.0")
            .Split('+')[0];
}
