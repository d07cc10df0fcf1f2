using Ostler.Testing.ControlPlane;

namespace Ostler.Testing.Tests.ControlPlane;

public sealed class KubernetesVersionTests
{
    public static TheoryData<string, string> Texts => new()
    {
        { "Kubernetes v1.20.2\n", "1.20.2" },
        { "v1.34.1+k3s1", "1.34.1" },
        { "v1.33.5-eks-3025e55", "1.33.5" },
        { "v1.36.0-rc.1", "1.36.0" },
        { "1.20.2", "1.20.2" },
    };

    [Theory]
    [MemberData(nameof(Texts))]
    public void What_distributions_append_is_left_out(string text, string expected) =>
        Assert.Equal(expected, KubernetesVersion.Parse(text).ToString());

    [Fact]
    public void Text_without_a_version_is_an_error() => Assert.Throws<FormatException>(() => KubernetesVersion.Parse("Kubernetes devel"));

    [Fact]
    public void Numbers_are_compared_as_numbers()
    {
        Assert.True(new KubernetesVersion(1, 9, 11) < new KubernetesVersion(1, 20, 2));
        Assert.True(new KubernetesVersion(1, 20, 10) > new KubernetesVersion(1, 20, 9));
    }

    public static TheoryData<string, bool, bool, bool> Capabilities => new()
    {
        { "1.20.2", false, false, false },
        { "1.21.14", false, false, false },
        { "1.22.0", true, false, false },
        { "1.25.0", true, true, false },
        { "1.29.9", true, true, false },
        { "1.30.0", true, true, true },
        { "1.36.2", true, true, true },
    };

    [Theory]
    [MemberData(nameof(Capabilities))]
    public void Each_feature_begins_with_the_version_that_brought_it(string version, bool policyV1, bool cel, bool validatingAdmissionPolicy)
    {
        var capabilities = new ClusterCapabilities
        {
            Version = KubernetesVersion.Parse(version),
            HasControllerManager = true,
            HasScheduler = true,
            CanRestartApiServer = true,
            IsShared = false,
        };

        Assert.Equal(policyV1, capabilities.HasPolicyV1);
        Assert.Equal(cel, capabilities.HasCel);
        Assert.Equal(validatingAdmissionPolicy, capabilities.HasValidatingAdmissionPolicy);
    }
}
