// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.30;

import {SolidlyPair} from "SolidlyPair.sol";
import {VelodromePool} from "VelodromePool.sol";

/// Makes pairs of both generations; fees and pause as in Velodrome V2's PoolFactory, and V1's `getFee(bool)`. Anyone may set them.
contract Factory {
    bool public isPaused;
    uint256 public stableFee = 5;
    uint256 public volatileFee = 30;
    uint256 public count;
    mapping(address pool => uint256) public customFee;

    event PoolCreated(address indexed token0, address indexed token1, bool indexed stable, address pool, uint256);
    event PairCreated(address indexed token0, address indexed token1, bool stable, address pair, uint256);
    event SetCustomFee(address indexed pool, uint256 fee);
    event SetPauseState(bool state);

    function createPool(address coin0, address coin1, bool stable) external {
        emit PoolCreated(coin0, coin1, stable, address(new VelodromePool(address(this), coin0, coin1, stable)), ++count);
    }

    function createPair(address coin0, address coin1, bool stable) external {
        emit PairCreated(coin0, coin1, stable, address(new SolidlyPair(address(this), coin0, coin1, stable)), ++count);
    }

    function setCustomFee(address pool, uint256 fee) external {
        require(fee <= 100 || fee == 420, "fee too high");
        customFee[pool] = fee;
        emit SetCustomFee(pool, fee);
    }

    function setPauseState(bool state) external {
        isPaused = state;
        emit SetPauseState(state);
    }

    function getFee(address pool, bool stable) external view returns (uint256) {
        uint256 fee = customFee[pool];
        return fee == 420 ? 0 : fee != 0 ? fee : getFee(stable);
    }

    function getFee(bool stable) public view returns (uint256) {
        return stable ? stableFee : volatileFee;
    }
}
