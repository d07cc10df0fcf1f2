using System.Globalization;
using System.Text.RegularExpressions;

namespace Ostler.Testing.ControlPlane;

/// <summary>The version of a Kubernetes server, without what distributions append to it.</summary>
public readonly partial record struct KubernetesVersion(int Major, int Minor, int Patch) : IComparable<KubernetesVersion>
{
    /// <summary>Reads <c>v1.20.2</c>, <c>Kubernetes v1.36.0-rc.1</c>, <c>v1.34.1+k3s1</c>, <c>v1.33.5-eks-3025e55</c>.</summary>
    /// <exception cref="FormatException">The text holds no version.</exception>
    public static KubernetesVersion Parse(string text)
    {
        var match = Pattern().Match(text);
        if (!match.Success)
        {
            throw new FormatException($"No Kubernetes version in \"{text.Trim()}\".");
        }

        return new(Number(1), Number(2), Number(3));

        int Number(int group) => int.Parse(match.Groups[group].ValueSpan, CultureInfo.InvariantCulture);
    }

    public bool IsAtLeast(int major, int minor) => CompareTo(new(major, minor, 0)) >= 0;

    public int CompareTo(KubernetesVersion other) =>
        (Major, Minor, Patch).CompareTo((other.Major, other.Minor, other.Patch));

    public static bool operator <(KubernetesVersion left, KubernetesVersion right) => left.CompareTo(right) < 0;

    public static bool operator >(KubernetesVersion left, KubernetesVersion right) => left.CompareTo(right) > 0;

    public static bool operator <=(KubernetesVersion left, KubernetesVersion right) => left.CompareTo(right) <= 0;

    public static bool operator >=(KubernetesVersion left, KubernetesVersion right) => left.CompareTo(right) >= 0;

    public override string ToString() => $"{Major}.{Minor}.{Patch}";

    [GeneratedRegex(@"(\d+)\.(\d+)\.(\d+)")]
    private static partial Regex Pattern();
}
