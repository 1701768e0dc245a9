// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.30;

import {Stable} from "Stable.sol";

/// As CurveStableSwapNG is: rates from elsewhere, and a fee that grows off the peg.
contract NgPool is Stable {
    event AddLiquidity(
        address indexed provider, uint256[] token_amounts, uint256[] fees, uint256 invariant, uint256 token_supply
    );
    event RemoveLiquidity(address indexed provider, uint256[] token_amounts, uint256[] fees, uint256 token_supply);
    event RemoveLiquidityImbalance(
        address indexed provider, uint256[] token_amounts, uint256[] fees, uint256 invariant, uint256 token_supply
    );
    event RemoveLiquidityOne(
        address indexed provider, int128 token_id, uint256 token_amount, uint256 coin_amount, uint256 token_supply
    );
    event ApplyNewFee(uint256 fee, uint256 offpeg_fee_multiplier);

    constructor(address[] memory coins_, address[] memory oracles_, uint256 a, uint256 fee_, uint256 offpeg_)
        Stable(coins_, oracles_, a, fee_, 5e9)
    {
        offpeg = offpeg_;
    }

    function A_precise() external view returns (uint256) {
        return _amp();
    }

    function N_COINS() external view returns (uint256) {
        return held.length;
    }

    function stored_rates() external view returns (uint256[] memory) {
        return _rates();
    }

    function offpeg_fee_multiplier() external view returns (uint256) {
        return offpeg;
    }

    function add_liquidity(uint256[] calldata amounts) external returns (uint256) {
        return _add(amounts);
    }

    function remove_liquidity(uint256 burned) external {
        _remove(burned);
    }

    function remove_liquidity_imbalance(uint256[] calldata amounts) external {
        _removeUnevenly(amounts);
    }

    function new_fee(uint256 fee_, uint256 offpeg_) external {
        (fee, offpeg) = (fee_, offpeg_);
        emit ApplyNewFee(fee_, offpeg_);
    }

    function _precision() internal pure override returns (uint256) {
        return 100;
    }

    function _dividesLast() internal pure override returns (bool) {
        return true;
    }

    function _logLiquidity(string memory name, uint256[] memory amounts, uint256[] memory fees, uint256[] memory rest)
        internal
        override
    {
        if (rest.length == 1) emit RemoveLiquidity(msg.sender, amounts, new uint256[](0), rest[0]);
        else if (bytes(name).length == 12) emit AddLiquidity(msg.sender, amounts, fees, rest[0], rest[1]);
        else emit RemoveLiquidityImbalance(msg.sender, amounts, fees, rest[0], rest[1]);
    }

    function _logOne(uint256 coin, uint256 burned, uint256 received) internal override {
        emit RemoveLiquidityOne(msg.sender, int128(uint128(coin)), burned, received, totalSupply);
    }
}
