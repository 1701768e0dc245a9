// SPDX-License-Identifier: Apache-2.0
pragma solidity ^0.8.26;

/// Stands in for Pancake's deployer, which no package ships: it makes the real pool from its creation code.
contract PancakePoolDeployer {
    struct Parameters {
        address factory;
        address token0;
        address token1;
        uint24 fee;
        int24 tickSpacing;
    }

    Parameters public parameters;
    address immutable code;

    /// `code_` has the pool's creation code as its own code.
    constructor(address code_) {
        code = code_;
    }

    function deploy(address factory, address token0, address token1, uint24 fee, int24 tickSpacing)
        external
        returns (address pool)
    {
        parameters = Parameters(factory, token0, token1, fee, tickSpacing);
        bytes memory creation = code.code;
        assembly {
            pool := create(0, add(creation, 0x20), mload(creation))
        }
        require(pool != address(0), "no pool");
        delete parameters;
    }
}
