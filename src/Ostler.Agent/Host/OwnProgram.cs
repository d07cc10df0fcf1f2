using System.Text;

namespace Ostler.Agent.Host;

/// <summary>The program that the watchdog runs: this one.</summary>
internal static class OwnProgram
{
    /// <summary>
    /// The bytes of the running binary. Where it is run by <c>dotnet</c>, as developers and tests do, a script that does the same; that one
    /// needs both to stay where they are.
    /// </summary>
    public static byte[] Read() =>
        Environment.ProcessPath is { } path && Path.GetFileNameWithoutExtension(path) == "dotnet"
            ? Encoding.UTF8.GetBytes($"#!/bin/sh\nexec '{path}' '{Path.Combine(AppContext.BaseDirectory, "ostler-agent.dll")}' \"$@\"\n")
            : File.ReadAllBytes("/proc/self/exe");
}
