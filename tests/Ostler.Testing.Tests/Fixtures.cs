using Ostler.Testing.ControlPlane;

[assembly: AssemblyFixture(typeof(ControlPlaneFixture))]
