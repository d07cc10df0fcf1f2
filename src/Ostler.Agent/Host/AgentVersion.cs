using System.Reflection;

namespace Ostler.Agent.Host;

/// <summary>The version of this program.</summary>
internal static class AgentVersion
{
    /// <summary>As in <c>0.1.0</c>; what the build adds after a plus sign is left out, because a User-Agent must not have it.</summary>
    public static string Text { get; } =
        (typeof(AgentVersion).Assembly.GetCustomAttribute<AssemblyInformationalVersionAttribute>()?.InformationalVersion ?? "0.0.0").Split('+')[0];
}
