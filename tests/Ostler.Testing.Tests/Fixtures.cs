using System.Runtime.Versioning;
using Ostler.Testing.ControlPlane;

[assembly: AssemblyFixture(typeof(ControlPlaneFixture))]

// Programs are faked by shell scripts, and /proc is read.
[assembly: SupportedOSPlatform("linux")]
